"""lrlab.torch.find and sharpness, as a user meets them."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import own_problem
import pytest
import torch
from own_problem import blobs, bowl, data, final_height, height, loss, model, nothing, validate
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

import lrlab
from lrlab import _core
from lrlab.torch import FindResult, find, sharpness

STRATEGY = "sgd momentum=0.9 | cosine to 0"


def search(folder: Path, **changed: Any) -> FindResult:
    arguments: dict[str, Any] = {"epochs": 6, "validate": validate, "processes": 1, "folder": folder}
    return find(model, data, loss, STRATEGY, **{**arguments, **changed})


def logs(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob("runs/*/events.jsonl")}


def test_finds_a_rate_and_writes_a_report(tmp_path: Path) -> None:
    found = search(tmp_path / "study")
    low, high = found.interval
    assert low <= found.lr <= high
    assert found.decided
    assert f"lr={found.lr!r}" in found.to_torch() and "torch.optim.SGD" in found.to_torch()
    assert "cosine to 0" in found.strategy
    assert str(found).startswith("The learning rate of sgd momentum=0.9 | cosine to 0 on own model")
    assert "Use lr" in str(found) and found.cost in str(found)
    assert "report.html" in found._repr_html_()
    page = (found.folder / "report.html").read_text()
    assert "own model" in page and "<svg" in page
    assert json.loads((found.folder / "report.json").read_text())["found"]["lr"] == found.lr


def test_the_command_line_reports_it_again_without_knowing_the_model(tmp_path: Path) -> None:
    found = search(tmp_path / "study")
    (found.folder / "report.html").unlink()
    ran = subprocess.run(
        [sys.executable, "-m", "lrlab", "report", str(found.folder)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-4:] == str(found).splitlines()[-4:]
    assert (found.folder / "report.html").exists()


@pytest.mark.parametrize("strategy", ["sgd", "sgd momentum=0.5 | linear to 0"])
def test_a_quadratic_has_the_answer_of_the_binary(tmp_path: Path, strategy: str) -> None:
    ours = find(
        bowl, nothing, height, strategy, steps=30, validate=final_height, folder=tmp_path / "a", processes=1
    )
    command = ["lrlab", "find", "--task", "quadratic spectrum=1,4,10", "--strategy", strategy]
    command += ["--steps", "30", "--out", str(tmp_path / "b"), "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=True
    )
    theirs = json.loads(ran.stdout)
    # The range tests differ by their measurements, and so does where the search begins.
    assert math.isclose(ours.lr, theirs["found"]["lr"], rel_tol=0.1)
    assert ours.decided == theirs["decided"]


def test_a_quadratic_trains_to_the_same_losses_as_in_the_binary(tmp_path: Path) -> None:
    find(bowl, nothing, height, "sgd", steps=30, validate=final_height, folder=tmp_path / "a", processes=1)
    subprocess.run(
        [sys.executable, "-m", "lrlab", "find", "--task", "quadratic spectrum=1,4,10", "--strategy", "sgd",
         "--steps", "30", "--out", str(tmp_path / "b")],
        capture_output=True, check=True,
    )  # fmt: skip

    def losses(folder: Path) -> list[tuple[float, float]]:
        lines = map(json.loads, logs(folder)["sweep-seed0"].splitlines())
        steps = [line["step"] for line in lines if "step" in line]
        return [(step["lr"][0], step["loss"]) for step in steps if isinstance(step["loss"], float)][:60]

    for (lr, loss), (rate, height_) in zip(losses(tmp_path / "a"), losses(tmp_path / "b"), strict=True):
        assert lr == rate
        assert math.isclose(loss, height_, rel_tol=1e-5)


def test_without_validate_the_last_tenth_of_the_training_loss_decides(tmp_path: Path) -> None:
    found = search(tmp_path / "study", validate=None, effort=8)
    log = logs(found.folder)["sweep-seed0"].splitlines()
    assert json.loads(log[0])["started"]["objective"] == "mean training loss of the last tenth"
    run = next(log for name, log in logs(found.folder).items() if name.startswith("lr-"))
    events = [json.loads(line) for line in run.splitlines()]
    losses = [event["step"]["loss"] for event in events if "step" in event]
    last = [event["validated"]["metrics"] for event in events if "validated" in event][-1]
    assert list(last.values()) == [sum(losses[-4:]) / 4]


def test_equal_seeds_write_equal_bytes_alone_and_side_by_side(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        search(tmp_path / "alone", effort=8)
    finally:
        torch.set_num_threads(threads)
    search(tmp_path / "beside", effort=8, processes=3)
    alone, beside = logs(tmp_path / "alone"), logs(tmp_path / "beside")
    assert len(alone) > 3
    assert alone == beside


def test_what_building_the_data_draws_does_not_matter_to_the_training(tmp_path: Path) -> None:
    def spendthrift(seed: int) -> Any:
        torch.rand(5)
        return data(seed)

    search(tmp_path / "a", effort=8)
    find(
        model, spendthrift, loss, STRATEGY, epochs=6, validate=validate, effort=8, folder=tmp_path / "b",
        processes=1,
    )  # fmt: skip
    assert logs(tmp_path / "a") == logs(tmp_path / "b")


def test_the_callers_randomness_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    search(tmp_path / "study", effort=8)
    assert torch.equal(torch.rand(3), expected)


def has_ended(process: int) -> bool:
    """Waits for a process that is no child of this one."""
    for _ in range(600):
        try:
            # A process that has ended and is not yet buried has no command line.
            if not Path(f"/proc/{process}/cmdline").read_bytes():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    """kill -9 of the whole program, then the same call again."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from own_problem import *\n"
        "from lrlab.torch import find\n"
        "def slow(module, batch):\n"
        "    time.sleep(0.004)\n"
        "    open(f'{sys.argv[1]}.{os.getpid()}', 'w').close()\n"
        "    return loss(module, batch)\n"
        "find(model, data, slow, 'sgd momentum=0.9 | cosine to 0', epochs=6, validate=validate,"
        " folder=sys.argv[1], processes=2, effort=8)\n"
    )
    folder = tmp_path / "killed"
    child = subprocess.Popen([sys.executable, str(program), str(folder)])
    waited = 0
    while len(list(folder.glob("runs/*/timing.jsonl"))) < 3 and waited < 1200:
        time.sleep(0.05)
        waited += 1
    child.kill()
    child.wait()
    workers = [int(path.suffix[1:]) for path in tmp_path.glob("killed.*")]
    assert len(workers) == 2
    # They see that nobody waits any more.
    assert all(has_ended(worker) for worker in workers)
    done = {path.parent.name for path in folder.glob("runs/*/timing.jsonl")}
    assert done and not (folder / "report.html").exists()
    before = {name: log for name, log in logs(folder).items() if name in done}
    search(folder, effort=8, processes=2)
    search(tmp_path / "undisturbed", effort=8, processes=2)
    after = logs(folder)
    assert {name: after[name] for name in before} == before
    assert after == logs(tmp_path / "undisturbed")


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    calls = 0

    def interrupted(module: nn.Module, batch: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 250:
            raise KeyboardInterrupt
        return loss(module, batch)

    with pytest.raises(lrlab.torch.Interrupted, match="goes on"):
        find(
            model, data, interrupted, STRATEGY, epochs=6, validate=validate, folder=tmp_path / "a",
            processes=1, effort=8,
        )  # fmt: skip
    done = [p for p in (tmp_path / "a").glob("runs/*/timing.jsonl")]
    assert done
    search(tmp_path / "a", effort=8)
    search(tmp_path / "b", effort=8)
    assert logs(tmp_path / "a") == logs(tmp_path / "b")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"effort": 9}, "effort = 8.0, not 9.0"),
        ({"epochs": 4}, "budget = "),
        ({"validate": None}, "the objective"),
        ({"name": "another"}, "task = "),
    ],
)
def test_another_search_in_the_same_folder_is_refused_with_the_choices(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    search(tmp_path / "study", effort=8)
    with pytest.raises(ValueError, match="another folder") as refused:
        search(tmp_path / "study", **{"effort": 8, **changed})
    assert told in str(refused.value)


def test_another_model_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    search(tmp_path / "study", effort=8)
    with pytest.raises(ValueError, match="a model of 195 parameters, not 27"):
        find(
            lambda seed: nn.Linear(8, 3), data, loss, STRATEGY, epochs=6, validate=validate, effort=8,
            folder=tmp_path / "study", processes=1,
        )  # fmt: skip


def test_a_model_that_fails_is_told_with_its_place_and_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    def broken(module: nn.Module, batch: Any) -> torch.Tensor:
        raise ValueError("the batch has no labels")

    with pytest.raises(lrlab.TrialError, match="the batch has no labels .*in broken, test_find.py line"):
        find(
            model, data, broken, STRATEGY, epochs=6, validate=validate, effort=8, folder=tmp_path / "a",
            processes=1,
        )  # fmt: skip
    assert search(tmp_path / "a", effort=8).lr > 0.0


def test_a_killed_worker_is_a_failed_trial(tmp_path: Path) -> None:
    # Only the first run of this seed is hit: the file says that it was.
    mark = tmp_path / "hit"

    def deadly(module: nn.Module, batch: Any) -> torch.Tensor:
        with contextlib.suppress(FileExistsError):
            mark.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return loss(module, batch)

    find(
        model, data, deadly, STRATEGY, epochs=6, validate=validate, effort=8, folder=tmp_path / "a", processes=2
    )  # fmt: skip
    failed = [log for log in logs(tmp_path / "a").values() if b"ended by SIGKILL" in log]
    assert len(failed) == 1


def test_forked_trials_work_after_the_caller_used_many_threads(tmp_path: Path) -> None:
    big = torch.randn(800, 800, requires_grad=True)
    (big @ big).sum().backward()
    assert search(tmp_path / "study", effort=8, processes=2).lr > 0.0


def test_functions_that_cannot_be_sent_are_refused_where_processes_are_spawned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(TypeError, match="processes=1"):
        find(lambda seed: model(seed), data, loss, STRATEGY, epochs=6, folder=tmp_path / "a", processes=2)


def test_trials_in_spawned_processes_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(tmp_path / "forked", effort=8, processes=2)
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    search(tmp_path / "spawned", effort=8, processes=2)
    assert logs(tmp_path / "spawned") == logs(tmp_path / "forked")


def test_groups_clipping_and_other_fields_reach_the_optimizer(tmp_path: Path) -> None:
    seen: list[torch.optim.Optimizer] = []
    hook = register_optimizer_step_pre_hook(lambda o, *_: seen.append(o))
    try:
        find(
            model, data, loss,
            "for *.bias: sgd lr=0.02 | constant ; for *.weight: adamw lr=0.01 weight_decay=0.3 | linear to 0"
            " | beta1: linear from 50% to 100% ; clip norm 0.1",
            epochs=6, validate=validate, folder=tmp_path / "a", processes=1, effort=8,
        )  # fmt: skip
    finally:
        hook.remove()
    assert {type(optimizer).__name__ for optimizer in seen} == {"SGD", "AdamW"}
    adam = next(optimizer for optimizer in reversed(seen) if isinstance(optimizer, torch.optim.AdamW))
    group = adam.param_groups[0]
    assert group["weight_decay"] == 0.3
    assert len(group["params"]) == 2
    assert group["betas"][0] > 0.8
    run = next(log for name, log in logs(tmp_path / "a").items() if name.startswith("lr-"))
    steps = [json.loads(line)["step"] for line in run.splitlines() if b'"step"' in line]
    assert any(step.get("clipped") for step in steps)
    assert math.isclose(steps[0]["lr"][0] / steps[0]["lr"][1], 2.0, rel_tol=1e-3)
    assert steps[0]["lr"][1] > steps[-1]["lr"][1] and steps[0]["lr"][0] == steps[-1]["lr"][0]


def test_plateau_hears_of_the_validation(tmp_path: Path) -> None:
    strategy = "sgd | constant | plateau on validation-loss patience 1 epochs x0.5"
    with pytest.raises((lrlab.SpecError, lrlab.TrialError)):
        search_with(strategy.replace("validation-loss", "unheard"), tmp_path / "unheard")
    found = search_with("sgd | constant | plateau x0.5 patience 1 epoch", tmp_path / "heard")
    run = next(log for name, log in logs(found.folder).items() if name.startswith("lr-"))
    rates = {json.loads(line)["step"]["lr"][0] for line in run.splitlines() if b'"step"' in line}
    assert rates


def search_with(strategy: str, folder: Path) -> FindResult:
    return find(
        model, data, loss, strategy, epochs=6, validate=validate, folder=folder, processes=1, effort=8
    )


@pytest.mark.parametrize(
    ("changed", "error", "told"),
    [
        ({"epochs": None}, TypeError, "steps= or epochs="),
        ({"steps": 5}, TypeError, "steps= or epochs="),
        ({"epochs": -1}, ValueError, "above 0"),
        ({"epochs": 0.01}, ValueError, "no step at all"),
        ({"effort": 1}, ValueError, "4 trainings"),
        ({"octaves": 0}, ValueError, "octaves"),
        ({"processes": -1}, ValueError, "processes"),
        ({"steps_per_epoch": 0}, ValueError, "at least 1"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    tmp_path: Path, changed: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        search(tmp_path / "study", **changed)
    assert not list(tmp_path.glob("study/runs/*"))


def test_strategies_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for strategy, told in [
        ("sgdd", "sgd"),
        ("adam lr=0 | constant", "above 0"),
        ("sgd | torch OneCycleLR(max_lr=0.1, total_steps=48)", "rates up to"),
    ]:
        with pytest.raises(lrlab.SpecError, match=told):
            search_with(strategy, tmp_path / "study")
    with pytest.raises(ValueError, match="takes no parameter.*0.weight"):
        search_with("for head.*: sgd lr=0.1 ; for *: sgd lr=0.1", tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_data_and_models_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    def ask(a: Any, b: Any, c: Any, **more: Any) -> FindResult:
        return find(a, b, c, "sgd", folder=tmp_path / "a", processes=1, **{"steps": 8, **more})

    with pytest.raises(TypeError, match="expected a torch.nn.Module"):
        ask(lambda seed: 3, data, loss)
    with pytest.raises(TypeError, match="expected an iterable"):
        ask(model, lambda seed: 3, loss)
    with pytest.raises(TypeError, match="steps_per_epoch="):
        ask(bowl, own_problem.one_pass, height)
    with pytest.raises(ValueError, match="requires a gradient"):
        ask(lambda seed: nn.Identity(), data, loss)
    with pytest.raises(lrlab.TrialError, match="ended after 2 of the 4 batches"):
        ask(bowl, own_problem.one_pass, height, steps_per_epoch=4)
    with pytest.raises(lrlab.TrialError, match="expected a tensor of one element"):
        ask(model, data, lambda module, batch: module(batch[0]))


def test_measuring_writes_sharpness_and_leaves_the_training_as_it_is(tmp_path: Path) -> None:
    search(tmp_path / "plain", effort=8)
    found = search(tmp_path / "measured", effort=8, measure=True)

    def events(folder: str, kind: str) -> list[Any]:
        lines = logs(tmp_path / folder)["sweep-seed0"].splitlines()
        return [event[kind] for event in map(json.loads, lines) if kind in event]

    assert events("plain", "step") == events("measured", "step")
    probes = events("measured", "probed")
    assert probes and not events("plain", "probed")
    assert all(probe["probe"]["sharpness"]["limit"] > 0 for probe in probes)
    assert found.data["range_test"]["sweeps"][0]["stable_lr"] is not None


def test_sharpness_of_a_bowl_is_its_steepest_curvature() -> None:
    x = torch.ones(6, dtype=torch.float64, requires_grad=True)
    curvature = torch.tensor([0.5, 1.0, 2.0, 3.0, 5.0, 8.0], dtype=torch.float64)
    found = sharpness(lambda: (curvature * x * x).sum() / 2, [x], iterations=6)
    assert math.isclose(found.value, 8.0, rel_tol=1e-4)
    assert found.limit is None and found.products <= 6


def full_hessian(module: nn.Module, parameters: dict[str, torch.Tensor]) -> torch.Tensor:
    inputs, labels = blobs()
    sizes = {name: p.numel() for name, p in parameters.items()}

    def of(flat: torch.Tensor) -> torch.Tensor:
        parts = flat.split(list(sizes.values()))
        given = {n: part.reshape(parameters[n].shape) for n, part in zip(sizes, parts, strict=True)}
        return nn.functional.cross_entropy(torch.func.functional_call(module, given, (inputs,)), labels)

    flat = torch.cat([p.detach().flatten() for p in parameters.values()])
    hessian: torch.Tensor = torch.func.hessian(of)(flat)
    return hessian


@pytest.mark.parametrize("kind", ["none", "sgd", "adam", "two groups"])
def test_sharpness_agrees_with_the_whole_hessian(kind: str) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    inputs, labels = blobs()
    parameters = dict(module.named_parameters())
    first, *rest = parameters.values()
    optimizer: torch.optim.Optimizer | None = {
        "none": lambda: None,
        "sgd": lambda: torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9),
        "adam": lambda: torch.optim.Adam(module.parameters(), lr=0.01),
        "two groups": lambda: torch.optim.SGD([{"params": [first], "lr": 0.3}, {"params": rest}], lr=0.1),
    }[kind]()
    for _ in range(5):
        if optimizer is not None:
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(inputs), labels).backward()
            optimizer.step()
    found = sharpness(
        lambda: nn.functional.cross_entropy(module(inputs), labels),
        module.parameters(),
        iterations=40,
        optimizer=optimizer,
    )
    hessian = full_hessian(module, parameters)
    inverse = torch.ones(hessian.shape[0])
    if kind == "adam" and optimizer is not None:
        squares = torch.cat([optimizer.state[p]["exp_avg_sq"].flatten() for p in parameters.values()])
        inverse = 1.0 / ((squares / (1 - 0.999**5)).sqrt() + 1e-8)
    if kind == "two groups":
        # The second group's limit is 3 times the first one's.
        inverse[first.numel() :] = 1 / 3
    root = inverse.sqrt()
    exact = float(torch.linalg.eigvalsh(root[:, None] * hessian * root[None, :])[-1])
    assert math.isclose(found.value, exact, rel_tol=0.01)
    limits = {"none": None, "sgd": 2 * 1.9 / 0.1, "two groups": 2 / 0.3}
    if kind in limits:
        assert found.limit is None if limits[kind] is None else math.isclose(found.limit, limits[kind])


def test_sharpness_refuses_what_it_cannot_know() -> None:
    x = torch.ones(2, requires_grad=True)
    for optimizer in (torch.optim.Adam([x]), torch.optim.RMSprop([x])):
        with pytest.raises(ValueError, match="no preconditioner"):
            sharpness(lambda: (x * x).sum(), [x], optimizer=optimizer)
    with pytest.raises(ValueError, match="does not train 1 of"):
        sharpness(lambda: (x * x).sum(), [x], optimizer=torch.optim.SGD([torch.ones(1)], lr=0.1))
    with pytest.raises(ValueError, match="at least 1"):
        sharpness(lambda: (x * x).sum(), [x], iterations=0)
    with pytest.raises(ValueError, match="no parameters"):
        sharpness(lambda: (x * x).sum(), [])
    assert sharpness(lambda: x.sum(), [x]).value == 0.0


def test_a_study_is_held_by_one_process(tmp_path: Path) -> None:
    search(tmp_path / "study", effort=8)
    study = _core.Study.find(
        {
            "name": "own model", "parameters": [], "size": 195, "steps_per_epoch": 8, "steps": None,
            "epochs": 6.0, "measure": False, "objective": None,
        } | {"parameters": ["0.weight"]},
        STRATEGY, 8.0, 1.0, 0, tmp_path / "study",
    )  # fmt: skip
    with pytest.raises(FileExistsError, match="being written by another lrlab"):
        search(tmp_path / "study", effort=8)
    study.release()
    search(tmp_path / "study", effort=8)


def test_nothing_is_printed_without_a_terminal(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        search(tmp_path / "study", effort=8)
    assert (out.getvalue(), err.getvalue()) == ("", "")


@pytest.mark.parametrize("strategy", ["lion | cosine to 0", "schedule-free-adamw"])
def test_finds_the_rate_of_what_torch_lacks(tmp_path: Path, strategy: str) -> None:
    found = find(model, data, loss, strategy, epochs=6, validate=validate, processes=1, folder=tmp_path / "study")
    low, high = found.interval
    assert low <= found.lr <= high and 1e-4 < found.lr < 1.0, found
    assert "lrlab.torch.optim" in found.to_torch(), found.to_torch()
