"""lrlab.torch.Scheduler as a training loop uses it."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import warnings
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

import lrlab
from lrlab.torch import Scheduler

PLATEAU = "plateau patience 2 steps x0.5"


def parameters(count: int = 1) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(2)) for _ in range(count)]


def sgd(lr: Any = 0.1, **others: Any) -> torch.optim.SGD:
    return torch.optim.SGD(parameters(), lr=lr, **others)


def update(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def train(optimizer: torch.optim.Optimizer, scheduler: Scheduler, updates: int) -> list[float]:
    rates = []
    for _ in range(updates):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        update(optimizer)
        scheduler.step()
    return rates


def test_the_first_update_uses_the_plans_first_value_and_the_last_one_its_last() -> None:
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "warmup 4 steps then linear to 0", total_steps=8)
    rates = train(optimizer, scheduler, 8)
    assert rates == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.075, 0.05, 0.025])
    assert optimizer.param_groups[0]["lr"] == 0.0
    assert scheduler.last_epoch == 8
    assert scheduler.get_last_lr() == [0.0] == scheduler.get_lr()


def test_it_is_torchs_own_kind_and_a_plateau_where_the_plan_reacts() -> None:
    plain = Scheduler(sgd(), "cosine to 0", total_steps=5)
    assert isinstance(plain, LRScheduler) and not isinstance(plain, ReduceLROnPlateau)
    reacting = Scheduler(sgd(), PLATEAU, total_steps=5)
    assert isinstance(reacting, Scheduler) and isinstance(reacting, ReduceLROnPlateau)


def test_without_an_update_nothing_advances_and_a_warning_says_so_once() -> None:
    scheduler = Scheduler(sgd(), "linear to 0", total_steps=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(9):
            scheduler.step()
    with pytest.warns(UserWarning, match="has made no update") as caught:
        for _ in range(20):
            scheduler.step()
    assert len(caught) == 1 and caught[0].filename == __file__
    assert scheduler.last_epoch == 0


def test_called_once_an_epoch_it_advances_by_the_epochs_updates() -> None:
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "linear to 0", epochs=2, steps_per_epoch=5)
    for _ in range(5):
        update(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.step()
    assert scheduler.last_epoch == 5 and optimizer.param_groups[0]["lr"] == 0.05


def test_with_epochs_alone_it_counts_epochs_in_which_something_was_updated() -> None:
    optimizer = sgd(1.0)
    scheduler = Scheduler(optimizer, "step every 2 epochs x0.1", epochs=6)
    seen = []
    for _ in range(6):
        seen.append(optimizer.param_groups[0]["lr"])
        for _ in range(7):
            update(optimizer)
        scheduler.step()
    assert seen == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    scheduler.step()
    assert scheduler.last_epoch == 6


def test_momentum_betas_and_weight_decay_move_too() -> None:
    optimizer = sgd(0.1, momentum=0.8, weight_decay=0.01)
    scheduler = Scheduler(optimizer, "constant | momentum: linear to 50% | weight_decay: linear to 0", total_steps=10)
    scheduler.step(5)
    group = optimizer.param_groups[0]
    assert (group["momentum"], group["weight_decay"]) == pytest.approx((0.6, 0.005))
    adam = torch.optim.Adam(parameters(), lr=0.1, betas=(0.8, 0.99))
    Scheduler(adam, "constant | momentum: linear to 50%", total_steps=10).step(10)
    assert adam.param_groups[0]["betas"] == pytest.approx((0.4, 0.99))
    listed = torch.optim.Adam(parameters())
    listed.param_groups[0]["betas"] = [0.8, 0.99]
    Scheduler(listed, "constant | beta1: linear to 50%", total_steps=10).step(10)
    assert listed.param_groups[0]["betas"] == [0.4, 0.99]


def test_a_tensor_rate_is_filled_in_place_and_never_aliased() -> None:
    rate = torch.tensor(0.1)
    optimizer = torch.optim.Adam(parameters(), lr=rate, capturable=False, foreach=False)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=4)
    held = optimizer.param_groups[0]["lr"]
    update(optimizer)
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is held
    assert held.item() == pytest.approx(0.075)
    last = scheduler.get_last_lr()[0]
    assert isinstance(last, torch.Tensor) and last is not held
    update(optimizer)
    scheduler.step()
    assert last.item() == pytest.approx(0.075) and held.item() == pytest.approx(0.05)
    assert optimizer.param_groups[0]["initial_lr"] is not held
    assert scheduler.state_dict()["_last_lr"] == [pytest.approx(0.05)]
    beta = torch.tensor(0.8)
    tensors = torch.optim.Adam(parameters(), lr=torch.tensor(0.1), betas=(beta, torch.tensor(0.9)), foreach=False, capturable=True)
    inside = tensors.param_groups[0]["betas"][0]
    Scheduler(tensors, "constant | beta1: linear to 0", total_steps=4).step(2)
    assert tensors.param_groups[0]["betas"][0] is inside and inside.item() == pytest.approx(0.4)


def two_groups() -> torch.optim.SGD:
    first, second = parameters(2)
    return torch.optim.SGD(
        [{"params": [first], "lr": 0.1, "name": "backbone"}, {"params": [second], "lr": 1.0, "name": "head"}]
    )


def test_a_plan_for_each_group_by_name_or_index_others_stay() -> None:
    optimizer = two_groups()
    scheduler = Scheduler(optimizer, {"head": "linear to 0"}, total_steps=4)
    scheduler.step(2)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert scheduler.get_lr() == [0.1, 0.5]
    assert scheduler.value(3, "head") == 0.25
    with pytest.raises(ValueError, match="no plan moves group 0"):
        scheduler.value(3)
    optimizer = two_groups()
    Scheduler(optimizer, {1: "linear to 0", "b*": {"schedule": "linear to 50%"}}, total_steps=4).step(4)
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.0]


def test_groups_added_later_join_or_begin_now() -> None:
    optimizer = sgd(0.1)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    train(optimizer, scheduler, 4)
    optimizer.add_param_group({"params": parameters(), "lr": 1.0})
    train(optimizer, scheduler, 1)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.5])
    optimizer.add_param_group({"params": parameters(), "lr": 2.0})
    scheduler.add_group()
    assert optimizer.param_groups[2]["lr"] == 2.0
    train(optimizer, scheduler, 1)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.04, 0.4, 1.8])
    again = Scheduler(optimizer, "linear to 0", total_steps=10)
    again.load_state_dict(scheduler.state_dict())
    assert again.get_last_lr() == pytest.approx([0.04, 0.4, 1.8])
    del optimizer.param_groups[2]
    with pytest.raises(RuntimeError, match="cannot be taken away"):
        scheduler.step()


def test_a_plateau_follows_updates_by_itself_and_reacts_to_readings() -> None:
    optimizer = sgd(1.0)
    scheduler = Scheduler(optimizer, "warmup 4 steps then constant | " + PLATEAU, total_steps=40)
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        update(optimizer)
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    scheduler.step(1.0)  # type: ignore[arg-type]
    for reading in (torch.tensor(1.0), 1.0, {"val_loss": 1.0}):
        update(optimizer)
        scheduler.step(reading)  # type: ignore[arg-type]
    assert optimizer.param_groups[0]["lr"] == 0.5
    scheduler.step()
    assert scheduler.last_epoch == 9


def test_several_metrics_come_by_name() -> None:
    plan = "constant | plateau patience 0 steps x0.5 | plateau of accuracy patience 0 steps x0.1"
    optimizer = sgd(1.0)
    scheduler: Any = Scheduler(optimizer, plan, total_steps=40)
    with pytest.raises(ValueError, match="listens to accuracy, loss"):
        scheduler.step(0.5)
    for accuracy in (0.9, 0.8):
        update(optimizer)
        scheduler.step({"eval_accuracy": accuracy, "eval_loss": 1.0 - accuracy / 2, "train_loss": 7.0})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
    with pytest.raises(ValueError, match="both|all called loss"):
        scheduler.step({"eval_loss": 1.0, "test_loss": 2.0})
    with pytest.raises(ValueError, match="not to f1"):
        scheduler.step({"f1": 1.0})
    with pytest.raises(TypeError, match="expected a number"):
        scheduler.step({"loss": "low"})


def test_pytorchs_own_recursion_and_constructors_are_plans_too() -> None:
    ours, theirs = sgd(0.3), sgd(0.3)
    scheduler = Scheduler(ours, "torch ExponentialLR(0.9) per step", total_steps=20)
    torchs = torch.optim.lr_scheduler.ExponentialLR(theirs, 0.9)
    for _ in range(20):
        update(ours), scheduler.step(), update(theirs), torchs.step()
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]
    optimizer = sgd(1.0)
    scheduler = Scheduler(optimizer, "StepLR(2, gamma=0.5)", epochs=4)
    assert train(optimizer, scheduler, 4) == [1, 1, 0.5, 0.5]
    optimizer = sgd(1.0)
    reacting: Any = Scheduler(optimizer, "torch ReduceLROnPlateau(patience=0, factor=0.5)", epochs=9)
    for _ in range(3):
        update(optimizer)
        reacting.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_after_the_end_it_holds_warns_once_or_refuses() -> None:
    for policy, kind in (("hold", None), ("warn", UserWarning), ("error", lrlab.PlanEnded)):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, f"linear to 10% | after end {policy}", total_steps=3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            train(optimizer, scheduler, 3)
        if kind is None:
            train(optimizer, scheduler, 2)
        elif kind is UserWarning:
            with pytest.warns(UserWarning, match="was made for 3 updates") as caught:
                train(optimizer, scheduler, 3)
            assert len(caught) == 1
        else:
            with pytest.raises(RuntimeError, match="lies after the plan's end"):
                train(optimizer, scheduler, 1)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


def test_a_fused_optimizer_that_found_infinities_made_no_update() -> None:
    class Fused(torch.optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            pass

    optimizer: Any = Fused(parameters(), {"lr": 0.1})
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    for found, made in ((1.0, 0), (0.0, 1)):
        optimizer.found_inf = torch.tensor(found)
        optimizer.step()
        del optimizer.found_inf
        scheduler.step()
        assert scheduler.last_epoch == made


def test_a_skipped_amp_step_advances_nothing() -> None:
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    for gradient in (float("inf"), 1.0):
        optimizer.zero_grad()
        loss = (optimizer.param_groups[0]["params"][0] * gradient).sum()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert scheduler.last_epoch == 1


def test_lbfgs_makes_one_update_a_step() -> None:
    weight = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = torch.optim.LBFGS([weight], lr=0.5)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=4)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)  # type: ignore[arg-type]
        scheduler.step()
    assert scheduler.last_epoch == 2 and optimizer.param_groups[0]["lr"] == 0.25


def test_pickle_and_deepcopy_go_on_and_share_nothing() -> None:
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    train(optimizer, scheduler, 3)
    for copied in (pickle.loads(pickle.dumps(scheduler)), copy.deepcopy(scheduler)):
        assert copied.optimizer is not optimizer
        train(copied.optimizer, copied, 2)
        assert copied.last_epoch == 5 and copied.optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
    assert scheduler.last_epoch == 3 and optimizer.param_groups[0]["lr"] == pytest.approx(0.07)
    update(optimizer)
    waiting = copy.deepcopy(scheduler)
    waiting.step()
    assert waiting.last_epoch == 4
    reacting = Scheduler(sgd(), PLATEAU, total_steps=10)
    assert type(pickle.loads(pickle.dumps(reacting))) is type(reacting)


def test_a_scheduler_that_is_gone_leaves_the_optimizer_alone() -> None:
    optimizer = sgd()
    before = len(optimizer._optimizer_step_post_hooks)
    scheduler = Scheduler(optimizer, PLATEAU, total_steps=10)
    assert len(optimizer._optimizer_step_post_hooks) == before + 1
    del scheduler
    gc.collect()
    assert len(optimizer._optimizer_step_post_hooks) == before


def test_threads_may_read_while_one_steps() -> None:
    optimizer = sgd(torch.tensor(0.1), foreach=False)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=2000)
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                if scheduler.value(1000) != pytest.approx(0.05) or len(scheduler.state_dict()) < 5:
                    wrong.append("value")
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    train(optimizer, scheduler, 500)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong and scheduler.last_epoch == 500


def test_a_json_plan_and_the_repr() -> None:
    plan = {"schedule": {"name": "linear", "to": "0%"}, "fields": {"momentum": "linear to 50%"}, "after_end": "warn"}
    scheduler = Scheduler(sgd(momentum=0.9), plan, total_steps=10)
    assert repr(scheduler) == (
        "Scheduler('linear to 0 | momentum: linear to 50% | after end warn', 0 of 10 updates)"
    )


@pytest.mark.parametrize(
    ("spec", "lengths", "error", "says"),
    [
        ("sgd lr=0.1 | cosine to 0", {"total_steps": 9}, lrlab.SpecError, "the plan alone: `cosine to 0"),
        ("for a*: sgd lr=0.1 | cosine ; adamw | linear", {"total_steps": 9}, ValueError, "for group `a"),
        ({"optimizer": "sgd lr=0.1", "schedule": "cosine"}, {"total_steps": 9}, ValueError, "the plan alone"),
        ("cosinus to 0", {"total_steps": 9}, lrlab.SpecError, "cosine"),
        ("cosine to 0 | clip norm 1", {"total_steps": 9}, ValueError, "training loop's own"),
        ("cosine | after end stop", {"total_steps": 9}, ValueError, "after end hold"),
        ("cosine | momentum: linear", {"total_steps": 9, "optimizer": "adagrad"}, ValueError, "has no momentum"),
        ("cosine | beta1: linear", {"total_steps": 9}, ValueError, "has no beta1"),
        ("cosine", {}, ValueError, "total_steps="),
        ("cosine", {"steps_per_epoch": 4}, ValueError, "total_steps="),
        ("cosine", {"total_steps": 0}, ValueError, "total_steps is 0"),
        ("cosine", {"total_steps": -3}, ValueError, "total_steps is -3"),
        ("cosine", {"total_steps": 2.5}, ValueError, "2.5"),
        ("cosine", {"total_steps": "ten"}, TypeError, "whole number"),
        ("cosine", {"total_steps": True}, TypeError, "whole number"),
        ("cosine", {"total_steps": 10, "epochs": 3}, ValueError, "no whole number of steps"),
        ("step every 3 epochs x0.1", {"total_steps": 10}, ValueError, "steps_per_epoch="),
        ("plateau x0.5", {"total_steps": 10}, ValueError, "steps_per_epoch="),
        ({}, {"total_steps": 9}, ValueError, "one entry or more"),
        ({"encoder": "cosine"}, {"total_steps": 9}, ValueError, "no group is left for `encoder`"),
        ({7: "cosine"}, {"total_steps": 9}, ValueError, "group 7"),
        ({-1: "cosine"}, {"total_steps": 9}, ValueError, "0 or more"),
        ({True: "cosine"}, {"total_steps": 9}, TypeError, "index or a pattern"),
        ({"schedule": object()}, {"total_steps": 9}, TypeError, "JSON"),
        (17, {"total_steps": 9}, TypeError, "got int"),
        (None, {"total_steps": 9}, TypeError, "got NoneType"),
        ("cosine", {"total_steps": 9, "last_epoch": -2}, ValueError, "last_epoch"),
        ("cosine", {"total_steps": 9, "last_epoch": 3}, KeyError, "initial_lr"),
        ("torch StepLR(0)", {"epochs": 9}, ValueError, "modulo by zero"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(spec: Any, lengths: dict[str, Any], error: type, says: str) -> None:
    lengths = dict(lengths)
    optimizer: torch.optim.Optimizer = sgd()
    if lengths.pop("optimizer", None):
        optimizer = torch.optim.Adagrad(parameters())
    with pytest.raises(error) as caught:
        Scheduler(optimizer, spec, **lengths)
    assert says in str(caught.value)


def test_bad_input_later_is_refused_too() -> None:
    with pytest.raises(TypeError, match="NoneType is not an Optimizer"):
        Scheduler(None, "cosine", total_steps=9)  # type: ignore[arg-type]
    optimizer = sgd()
    scheduler: Any = Scheduler(optimizer, "cosine to 0", total_steps=9)
    for wrong in (-1, 0.5, "3", 2**70):
        with pytest.raises((ValueError, TypeError)):
            scheduler.step(wrong)
    with pytest.raises(ValueError, match="there is no field `speed`"):
        scheduler.value(3, field="speed")
    for group in (4, -1, "head"):
        with pytest.raises(ValueError, match="there is no group"):
            scheduler.value(3, group)
    with pytest.raises(ValueError, match="expected a finite number"):
        scheduler.rebase(float("nan"))
    nan = sgd()
    nan.param_groups[0]["lr"] = float("nan")
    with pytest.raises(ValueError, match="lr of group 0 is NaN"):
        Scheduler(nan, "cosine", total_steps=9)
    nan.param_groups[0]["lr"] = "high"
    with pytest.raises(TypeError, match="is str"):
        Scheduler(nan, "cosine", total_steps=9)
    assert scheduler.last_epoch == 0 and optimizer.param_groups[0]["lr"] == 0.1

    class Mine(Scheduler):
        pass

    assert isinstance(Mine(sgd(), "cosine", total_steps=9), Mine)
    with pytest.raises(TypeError, match="derive it from"):
        Mine(sgd(), PLATEAU, total_steps=9)

    class Reacting(Scheduler, ReduceLROnPlateau):
        pass
