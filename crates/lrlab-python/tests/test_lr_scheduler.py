"""lrlab.torch.lr_scheduler and swa_utils as a user of torch's modules meets them."""

from __future__ import annotations

import copy
import gc
import importlib
import inspect
import io
import multiprocessing
import pickle
import subprocess
import sys
import warnings
import weakref
from typing import Any

import pytest
import torch
from scheduler_cases import KEYWORDS, OURS, TORCH, Call, Maker, Training, halving, seen
from scheduler_cases import Case as TrainingCase
from torch.optim import lr_scheduler as torchs
from torch.optim import swa_utils as torchs_swa

from lrlab.torch import lr_scheduler as ours
from lrlab.torch import swa_utils as ours_swa

# Each class as a user would make it; the longest part of a schedule is some hundred steps.
USUAL: list[Call] = [
    Call("LambdaLR", {"lr_lambda": halving}),
    Call("MultiplicativeLR", {"lr_lambda": halving}),
    Call("StepLR", {"step_size": 30, "gamma": 0.9}),
    Call("MultiStepLR", {"milestones": [300, 80, 80], "gamma": 0.7}),
    Call("ConstantLR", {"factor": 0.3, "total_iters": 40}),
    Call("LinearLR", {"start_factor": 0.1, "total_iters": 333}),
    Call("ExponentialLR", {"gamma": 0.999}),
    Call("PolynomialLR", {"total_iters": 700, "power": 0.9}),
    Call("CosineAnnealingLR", {"T_max": 171, "eta_min": 1e-3}),
    Call("CosineAnnealingWarmRestarts", {"T_0": 10, "T_mult": 2, "eta_min": 1e-5}),
    Call("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 37, "step_size_down": 5}),
    Call("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 9, "mode": "triangular2"}),
    Call(
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 9, "mode": "exp_range", "gamma": 0.99},
    ),
    Call("OneCycleLR", {"max_lr": 0.3, "total_steps": 1001}),
    Call("OneCycleLR", {"max_lr": 0.3, "total_steps": 1001, "three_phase": True}),
    Call("OneCycleLR", {"max_lr": 0.3, "total_steps": 1001, "anneal_strategy": "linear"}),
    Call("SWALR", {"swa_lr": 0.02, "anneal_epochs": 333}),
    Call("SWALR", {"swa_lr": 0.02, "anneal_epochs": 333, "anneal_strategy": "linear"}),
]
RATED = [*sorted(KEYWORDS), "ReduceLROnPlateau"]


def call_id(call: Call) -> str:
    return "-".join([call.name, *(str(v) for v in call.keywords.values() if isinstance(v, str))])


def sgd(lr: Any = 0.5, **keywords: Any) -> torch.optim.SGD:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, **keywords)


def begun(call: Call, maker: Maker = OURS, optimizer: str = "momentum") -> Any:
    training = Training(TrainingCase(optimizer, [0.5, 0.07], call, []), maker)
    training.begin()
    training.optimizer.step()
    return training.scheduler


def scheduler_of(name: str, maker: Maker = OURS) -> Any:
    if name == "ReduceLROnPlateau":
        return maker.cls(name)(sgd(), patience=1)
    return begun(next(call for call in USUAL if call.name == name), maker)


def step(scheduler: Any, metric: float = 1.0) -> None:
    if isinstance(scheduler, torchs.ReduceLROnPlateau):
        scheduler.step(metric)
    else:
        scheduler.step()


# Names and types.


@pytest.mark.parametrize(("mine", "torchs"), [(ours, torchs), (ours_swa, torchs_swa)])
def test_every_name_of_torchs_module_is_there(mine: Any, torchs: Any) -> None:
    assert mine.__all__ == torchs.__all__
    for name in vars(torchs):
        assert hasattr(mine, name), name
    with pytest.raises(AttributeError, match="no_such_name"):
        mine.no_such_name  # noqa: B018


@pytest.mark.parametrize("name", [*RATED, "SequentialLR", "ChainedScheduler"])
def test_each_class_is_torchs_with_its_constructor(name: str) -> None:
    mine, theirs = OURS.cls(name), TORCH.cls(name)
    assert issubclass(mine, theirs)
    assert mine is not theirs
    assert mine.__name__ == name
    assert inspect.signature(mine) == inspect.signature(theirs)
    assert hasattr(mine, "_get_closed_form_lr") == hasattr(theirs, "_get_closed_form_lr")
    assert mine.__doc__ and mine.__doc__ != theirs.__doc__


def test_what_computes_nothing_is_torchs_own() -> None:
    assert ours.LRScheduler is torchs.LRScheduler
    assert ours._LRScheduler is torchs._LRScheduler
    assert ours.EPOCH_DEPRECATION_WARNING is torchs.EPOCH_DEPRECATION_WARNING
    for name in torchs_swa.__all__:
        if name != "SWALR":
            assert getattr(ours_swa, name) is getattr(torchs_swa, name)


def test_an_older_torch_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    with pytest.raises(ImportError, match=r"2\.15.*2\.9\.1.*pip install.*lrlab\.torch\.Scheduler"):
        importlib.reload(ours)
    monkeypatch.setattr(torch, "__version__", "3.0.0a0+git1")
    program = "import torch; torch.__version__ = '3.0.0a0'; import lrlab.torch.lr_scheduler"
    subprocess.run([sys.executable, "-c", program], check=True)


# Rates.


@pytest.mark.parametrize("optimizer", ["momentum", "Adam"])
@pytest.mark.parametrize("call", USUAL, ids=call_id)
def test_a_thousand_steps_have_torchs_bits(call: Call, optimizer: str) -> None:
    mine, theirs = begun(call, OURS, optimizer), begun(call, TORCH, optimizer)
    for _ in range(1001):
        for scheduler in (mine, theirs):
            scheduler.step()
        for key in ("lr", "momentum", "betas"):
            pair = [[g.get(key) for g in s.optimizer.param_groups] for s in (mine, theirs)]
            assert seen(pair[0]) == seen(pair[1])
    assert seen(mine.state_dict()) == seen(theirs.state_dict())


@pytest.mark.parametrize("call", USUAL, ids=call_id)
def test_rust_computes_the_usual_case(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = begun(call)

    def unwanted(*_: object) -> None:
        raise AssertionError("torch was asked")

    theirs = TORCH.cls(call.name)
    for method in ("get_lr", "_get_closed_form_lr"):
        if hasattr(theirs, method):
            monkeypatch.setattr(theirs, method, unwanted)
    monkeypatch.setattr(torchs.LRScheduler, "_update_lr", unwanted)
    for _ in range(50):
        scheduler.step()
    scheduler._get_lr_called_within_step = True
    assert len(scheduler.get_lr()) == 2
    if hasattr(theirs, "_get_closed_form_lr"):
        assert len(scheduler._get_closed_form_lr()) == 2


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_rust_judges_and_reduces(
    mode: Any, threshold_mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = [1.0, 0.5, 0.9, 0.9, 0.9, 2.0, 2.0, 0.1, 0.1, 0.1, 0.1, 3.0, float("nan"), 4.0] * 3
    keywords: dict[str, Any] = {"patience": 1, "cooldown": 1, "min_lr": 0.01, "factor": 0.3}
    keywords |= {"mode": mode, "threshold_mode": threshold_mode}
    theirs = torchs.ReduceLROnPlateau(sgd(), **keywords)
    for metric in metrics:
        theirs.step(metric)
    mine = ours.ReduceLROnPlateau(sgd(), **keywords)

    def unwanted(*_: object) -> None:
        raise AssertionError("torch was asked")

    monkeypatch.setattr(torchs.ReduceLROnPlateau, "step", unwanted)
    for metric in metrics:
        mine.step(metric)
    assert seen(mine.state_dict()) == seen(theirs.state_dict())
    assert mine.get_last_lr()[0] < 0.5


def test_an_int_rate_stays_one_until_it_is_multiplied() -> None:
    scheduler = ours.StepLR(sgd(lr=1), 2)
    scheduler.optimizer.step()
    kinds = []
    for _ in range(3):
        kinds.append(type(scheduler.get_last_lr()[0]))
        scheduler.step()
    assert kinds == [int, int, float]


def test_a_tensor_rate_is_filled_in_place() -> None:
    rate = torch.tensor(0.5)
    scheduler = ours.ExponentialLR(sgd(lr=rate), 0.9)
    scheduler.optimizer.step()
    scheduler.step()
    assert scheduler.optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == (torch.tensor(0.5) * 0.9).item()
    assert scheduler.get_last_lr()[0] is not rate


# Subclasses and objects that override.


def test_a_subclass_may_build_on_get_lr() -> None:
    class Doubled(ours.ExponentialLR):
        def get_lr(self) -> Any:
            return [2 * rate for rate in super().get_lr()]

    scheduler = Doubled(sgd(), 0.5)
    assert scheduler.get_last_lr() == [1.0]
    scheduler.optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    assert scheduler.get_last_lr() == [1.0]


def test_a_subclass_may_replace_every_method_that_computes() -> None:
    class Cyclic(ours.CyclicLR):
        def scale_fn(self, x: Any) -> float:
            return 0.25

    class Cycle(ours.OneCycleLR):
        @staticmethod
        def _annealing_cos(start: Any, end: Any, pct: Any) -> Any:
            return 0.125

    class Plateau(ours.ReduceLROnPlateau):
        def _is_better(self, a: Any, best: Any) -> bool:
            return True

    class Swa(ours_swa.SWALR):
        @staticmethod
        def _get_initial_lr(lr: Any, swa_lr: Any, alpha: Any) -> Any:
            return 4.0

    cyclic = Cyclic(sgd(), 0.0, 1.0, step_size_up=2, cycle_momentum=False)
    cycle = Cycle(sgd(), 1.0, total_steps=10, cycle_momentum=False)
    swa = Swa(sgd(), 1.0, anneal_epochs=2, anneal_strategy="linear")
    for scheduler in (cyclic, cycle, swa):
        scheduler.optimizer.step()
        scheduler.step()
    assert [s.get_last_lr() for s in (cyclic, cycle, swa)] == [[0.125], [0.125], [2.5]]
    plateau = Plateau(sgd(), patience=0)
    for _ in range(3):
        plateau.step(1.0)
    assert plateau.get_last_lr() == [0.5]


def test_an_object_may_have_its_own_get_lr(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler: Any = ours.StepLR(sgd(), 1)
    scheduler.optimizer.step()
    scheduler.get_lr = lambda: [0.25]
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25]
    other = ours.StepLR(sgd(), 1)
    other.optimizer.step()
    monkeypatch.setattr(ours.StepLR, "get_lr", lambda self: [0.75])
    other.step()
    assert other.get_last_lr() == [0.75]


def test_a_user_scheduler_with_a_property_is_read_through_it() -> None:
    class Warm(ours.ExponentialLR):
        @property
        def gamma(self) -> float:
            return 0.5

        @gamma.setter
        def gamma(self, value: float) -> None:
            self.given = value

    scheduler = Warm(sgd(), 0.9)
    scheduler.optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25]


# Errors and warnings.


def test_a_warning_points_at_the_line_that_steps() -> None:
    for scheduler in (ours.StepLR(sgd(), 3), ours.ReduceLROnPlateau(sgd())):
        with pytest.warns(UserWarning) as caught:
            if isinstance(scheduler, ours.ReduceLROnPlateau):
                scheduler.step(1.0, 3)
            else:
                scheduler.step(3)
        assert {warning.filename for warning in caught} == {__file__}
        texts = [str(warning.message) for warning in caught]
        assert texts[-1] == ours.EPOCH_DEPRECATION_WARNING
        assert scheduler.last_epoch == 3


def test_get_lr_outside_a_step_warns_once() -> None:
    scheduler = ours.ExponentialLR(sgd(), 0.5)
    with pytest.warns(UserWarning, match="get_last_lr") as caught:
        assert scheduler.get_lr() == [0.25]
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
def test_a_function_that_raises_leaves_what_torch_leaves(name: str) -> None:
    def fails(epoch: int) -> float:
        if epoch > 1:
            raise LookupError(f"nothing for {epoch}")
        return 0.5

    states = []
    for maker in (OURS, TORCH):
        scheduler = maker.cls(name)(sgd(), fails)
        scheduler.optimizer.step()
        scheduler.step()
        with pytest.raises(LookupError, match="nothing for 2"):
            scheduler.step()
        states.append(seen(scheduler.state_dict()))
    assert states[0] == states[1]


def test_a_function_sees_the_scheduler_within_its_step() -> None:
    looks = []

    def look(epoch: int) -> float:
        looks.append((epoch, scheduler.last_epoch, scheduler._get_lr_called_within_step))
        return 1.0

    scheduler = ours.LambdaLR(sgd(), lambda epoch: 1.0)
    scheduler.lr_lambdas = [look]
    scheduler.optimizer.step()
    scheduler.step()
    assert looks == [(1, 1, True)]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda m: m.StepLR("no optimizer", 3), TypeError),
        (lambda m: m.StepLR(sgd(), 3, last_epoch=1), KeyError),
        (lambda m: m.LinearLR(sgd(), start_factor=0.0), ValueError),
        (lambda m: m.CosineAnnealingWarmRestarts(sgd(), 0.5), ValueError),
        (lambda m: m.CyclicLR(torch.optim.Adagrad(sgd().param_groups), 0.1, 0.2), ValueError),
        (lambda m: m.OneCycleLR(sgd(), 0.1), ValueError),
        (lambda m: m.ReduceLROnPlateau(sgd(), factor=1.0), ValueError),
        (lambda m: m.SequentialLR(sgd(), [m.ReduceLROnPlateau(sgd())], []), ValueError),
        (lambda m: m.ChainedScheduler([]), ValueError),
    ],
)
def test_errors_are_torchs(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as theirs:
        make(torchs)
    with pytest.raises(error) as mine:
        make(ours)
    assert mine.value.args == theirs.value.args


def test_one_step_too_many_of_one_cycle_raises() -> None:
    scheduler = ours.OneCycleLR(sgd(), 0.1, total_steps=4)
    scheduler.optimizer.step()
    for _ in range(4):
        scheduler.step()
    with pytest.raises(ValueError, match="Tried to step 5 times. The specified number of total"):
        scheduler.step()


# Saving, copying, sending.


@pytest.mark.parametrize("name", RATED)
def test_a_state_goes_to_torch_and_back(name: str) -> None:
    mine, theirs = scheduler_of(name, OURS), scheduler_of(name, TORCH)
    for _ in range(5):
        step(mine)
        step(theirs)
    for source, maker in ((mine, TORCH), (theirs, OURS)):
        buffer = io.BytesIO()
        torch.save([source.state_dict(), source.optimizer.state_dict()], buffer)
        buffer.seek(0)
        state, optimizer_state = torch.load(buffer, weights_only=True)
        resumed = scheduler_of(name, maker)
        resumed.optimizer.load_state_dict(optimizer_state)
        resumed.load_state_dict(state)
        original = copy.deepcopy(source)
        for _ in range(5):
            step(original)
            step(resumed)
            assert seen(resumed.get_last_lr()) == seen(original.get_last_lr())


@pytest.mark.parametrize("name", RATED)
def test_pickles_and_copies_go_on(name: str) -> None:
    scheduler = scheduler_of(name)
    step(scheduler)
    copies = [pickle.loads(pickle.dumps(scheduler)), copy.deepcopy(scheduler)]
    step(scheduler)
    for other in copies:
        assert type(other) is type(scheduler)
        step(other)
        assert seen(other.get_last_lr()) == seen(scheduler.get_last_lr())


def step_elsewhere(pickled: bytes) -> list[Any]:
    scheduler = pickle.loads(pickled)
    scheduler.step()
    rates: list[Any] = scheduler.get_last_lr()
    return rates


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_another_process_goes_on(way: str) -> None:
    schedulers = [begun(call) for call in USUAL[2:6]]
    with multiprocessing.get_context(way).Pool(1) as pool:
        elsewhere = pool.map(step_elsewhere, [pickle.dumps(each) for each in schedulers])
    for scheduler in schedulers:
        scheduler.step()
    assert elsewhere == [scheduler.get_last_lr() for scheduler in schedulers]


@pytest.mark.parametrize("name", RATED)
def test_no_scheduler_is_kept_alive(name: str) -> None:
    gc.disable()
    try:
        scheduler = scheduler_of(name)
        step(scheduler)
        # SWALR's and CyclicLR's functions are static: nothing points back.
        alive = weakref.ref(scheduler)
        del scheduler
        assert alive() is None
    finally:
        gc.enable()


# Compositions and weight averaging.


def test_compositions_take_both_makers() -> None:
    optimizer = sgd()
    parts = [ours.LinearLR(optimizer, total_iters=3), torchs.ExponentialLR(optimizer, 0.9)]
    scheduler = ours.SequentialLR(optimizer, parts, [3])
    reference = sgd()
    theirs = torchs.SequentialLR(
        reference,
        [torchs.LinearLR(reference, total_iters=3), torchs.ExponentialLR(reference, 0.9)],
        [3],
    )
    for _ in range(8):
        for each in (scheduler, theirs):
            each.optimizer.step()
            each.step()
        assert scheduler.get_last_lr() == theirs.get_last_lr()
    chained = torchs.ChainedScheduler([ours.ConstantLR(optimizer), ours.StepLR(optimizer, 3)])
    chained.step()
    assert len(chained.get_last_lr()) == 1


def test_weights_are_averaged_as_in_torchs_example() -> None:
    rates, averages = [], []
    for schedulers, swa in ((ours, ours_swa), (torchs, torchs_swa)):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        averaged = swa.AveragedModel(model)
        scheduler = schedulers.CosineAnnealingLR(optimizer, T_max=20)
        swa_scheduler = swa.SWALR(optimizer, swa_lr=0.05, anneal_epochs=5)
        batches = [torch.randn(8, 3) for _ in range(4)]
        for epoch in range(20):
            for batch in batches:
                optimizer.zero_grad()
                model(batch).pow(2).mean().backward()
                optimizer.step()
            if epoch > 10:
                averaged.update_parameters(model)
                swa_scheduler.step()
            else:
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        swa.update_bn(batches, averaged)
        averages.append([value.tolist() for value in averaged.state_dict().values()])
    assert rates[:20] == rates[20:]
    assert averages[0] == averages[1]
