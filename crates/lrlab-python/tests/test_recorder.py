"""`lrlab.torch.Recorder`: what it records, what it refuses, and what a kill leaves."""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

import lrlab
from lrlab.torch import Recorder


def parts(lr: float = 0.1, momentum: float = 0.9) -> tuple[torch.nn.Linear, torch.optim.SGD]:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    return model, torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


def update(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    # In place, so that whoever keeps a gradient without copying it keeps the next one.
    optimizer.zero_grad(set_to_none=False)
    loss: torch.Tensor = model(torch.ones(4, 3)).square().mean()
    loss.backward()
    optimizer.step()
    return loss


def train(folder: Path, steps: int = 5, **options: Any) -> Path:
    model, optimizer = parts()
    with Recorder(folder, optimizer, model, **options) as recorder:
        for _ in range(steps):
            recorder.step(update(model, optimizer))
        recorder.validate(validation_loss=0.5)
        return Path(recorder.folder)


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("before", [True, False])
def test_rates_are_those_of_the_update_on_either_side_of_the_scheduler(
    tmp_path: Path, before: bool
) -> None:
    model, optimizer = parts()
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=6)
    used = []
    with Recorder(tmp_path, optimizer, model, plan=scheduler) as recorder:
        for _ in range(5):
            used.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
            loss = update(model, optimizer)
            if before:
                scheduler.step()
            assert recorder.step(loss)
            if not before:
                scheduler.step()
    [run] = lrlab.read(tmp_path)
    assert list(zip(run.lr[:, 0], run.momentum[:, 0], strict=True)) == used
    assert run.t.tolist() == [0, 1, 2, 3, 4]
    assert "OneCycleLR" in run.strategy and run.strategy.startswith("as recorded: SGD(")


def test_rates_are_those_of_the_update_where_a_hook_moves_them_after_it(tmp_path: Path) -> None:
    model, optimizer = parts(lr=1.0)

    def halve(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        optimizer.param_groups[0]["lr"] /= 2

    optimizer.register_step_post_hook(halve)
    with Recorder(tmp_path, optimizer) as recorder:
        for _ in range(3):
            recorder.step(update(model, optimizer))
    assert lrlab.read(tmp_path)[0].lr[:, 0].tolist() == [1.0, 0.5, 0.25]


def test_the_loss_has_its_bits(tmp_path: Path) -> None:
    model, optimizer = parts()
    losses = []
    with Recorder(tmp_path, optimizer) as recorder:
        for _ in range(20):
            loss = update(model, optimizer)
            losses.append(loss.item())
            recorder.step(loss)
    assert lrlab.read(tmp_path)[0].loss.tolist() == losses


def test_groups_have_their_names_and_columns(tmp_path: Path) -> None:
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.AdamW(
        [
            {"params": [model.weight], "name": "weights", "lr": 0.1},
            {"params": [model.bias], "lr": 0.2},
        ]
    )
    with Recorder(tmp_path, optimizer) as recorder:
        recorder.step(update(model, optimizer))
    [run] = lrlab.read(tmp_path)
    assert run.groups == ("weights", "1")
    assert run.lr.tolist() == [[0.1, 0.2]] and run.momentum.tolist() == [[0.9, 0.9]]


def test_a_group_that_comes_later_gets_a_column(tmp_path: Path) -> None:
    model, other = torch.nn.Linear(3, 1), torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(tmp_path, optimizer) as recorder:
        recorder.step(update(model, optimizer))
        optimizer.add_param_group({"params": [other], "lr": 0.5})
        recorder.step(update(model, optimizer))
    [run] = lrlab.read(tmp_path)
    assert run.lr[1].tolist() == [0.1, 0.5] and run.lr[0, 0] == 0.1 and run.lr[0, 1] != run.lr[0, 1]


def test_only_updates_that_were_made_are_steps(tmp_path: Path) -> None:
    model, optimizer = parts()
    with Recorder(tmp_path, optimizer) as recorder:
        for index in range(6):
            loss = model(torch.ones(4, 3)).square().mean()
            loss.backward()
            if index % 2:
                optimizer.step()
            assert recorder.step(loss) == bool(index % 2)
    assert lrlab.read(tmp_path)[0].t.tolist() == [0, 1, 2]


def test_updates_without_a_recorded_loss_are_counted(tmp_path: Path) -> None:
    model, optimizer = parts()
    with Recorder(tmp_path, optimizer) as recorder:
        for index in range(6):
            loss = update(model, optimizer)
            if index % 3 == 2:
                recorder.step(loss)
    assert lrlab.read(tmp_path)[0].t.tolist() == [2, 5]


def test_step_before_the_optimizer_is_warned_of(tmp_path: Path) -> None:
    model, optimizer = parts()
    recorder = Recorder(tmp_path, optimizer)
    for _ in range(3):
        recorder.step(1.0)
        update(model, optimizer)
    with pytest.warns(RuntimeWarning, match=r"after optimizer\.step"):
        recorder.close()


def test_gradients_and_updates_are_measured(tmp_path: Path) -> None:
    model, optimizer = parts(momentum=0.0)
    norms, ratios, gradients = [], [], []
    with Recorder(
        tmp_path, optimizer, gradient_norm=True, turns=True, update_ratio=True
    ) as recorder:
        for _ in range(3):
            old = torch.cat([p.detach().flatten().clone() for p in model.parameters()]).double()
            recorder.step(update(model, optimizer))
            new = torch.cat([p.detach().flatten() for p in model.parameters()]).double()
            gradients.append(
                torch.cat([p.grad.flatten().clone() for p in model.parameters()]).double()
            )
            norms.append(gradients[-1].norm().item())
            ratios.append(((new - old).norm() / old.norm()).item())
    turns = [torch.cosine_similarity(a, b, dim=0).item() for a, b in zip(gradients, gradients[1:])]
    [run] = lrlab.read(tmp_path)
    assert run.gradient_norm.tolist() == pytest.approx(norms, rel=1e-5)
    assert run.update_ratio.tolist() == pytest.approx(ratios, rel=1e-4)
    assert run.turn[1:].tolist() == pytest.approx(turns, rel=1e-5) and run.turn[0] != run.turn[0]


def test_what_was_not_measured_is_not_in_the_log(tmp_path: Path) -> None:
    steps = [line["step"] for line in lines(train(tmp_path)) if "step" in line]
    assert all(set(step) == {"t", "loss", "lr", "momentum"} for step in steps) and len(steps) == 5


def test_training_is_left_as_it_is(tmp_path: Path) -> None:
    def weights(options: dict[str, Any] | None) -> list[float]:
        model, optimizer = parts()
        recorder = Recorder(tmp_path, optimizer, **options) if options is not None else None
        for _ in range(4):
            loss = update(model, optimizer)
            if recorder:
                recorder.step(loss)
        return model.weight.detach().flatten().tolist()

    assert weights(None) == weights({"gradient_norm": True, "turns": True, "update_ratio": True})


class OnDevice:
    """A loss on a device that counts how often it is waited for."""

    waits = 0

    def __init__(self, value: float) -> None:
        self.value = value
        self.device = torch.device("cuda", 0)

    def detach(self) -> OnDevice:
        return self

    def clone(self) -> OnDevice:
        return OnDevice(self.value)

    def item(self) -> float:
        OnDevice.waits += 1
        return self.value


def test_a_device_is_not_waited_for_before_it_must(tmp_path: Path) -> None:
    model, optimizer = parts()
    OnDevice.waits = 0
    with Recorder(tmp_path, optimizer) as recorder:
        for index in range(10):
            update(model, optimizer)
            # The last two are at hand at once, and still come after those before them.
            recorder.step(OnDevice(float(index)) if index < 8 else float(index))
        assert OnDevice.waits == 0
        recorder.validate(validation_loss=1.0)
        assert OnDevice.waits == 8
    [run] = lrlab.read(tmp_path)
    assert run.loss.tolist() == [float(index) for index in range(10)]


def test_sync_every_reads_the_device_as_often(tmp_path: Path) -> None:
    model, optimizer = parts()
    OnDevice.waits = 0
    recorder = Recorder(tmp_path, optimizer, sync_every=4)
    seen = []
    for _ in range(9):
        update(model, optimizer)
        recorder.step(OnDevice(1.0))
        seen.append(OnDevice.waits)
    assert seen == [0, 0, 0, 4, 4, 4, 4, 8, 8]
    recorder.close()
    assert OnDevice.waits == 9


def test_a_rate_in_a_tensor_is_recorded_as_it_was(tmp_path: Path) -> None:
    model = torch.nn.Linear(3, 1)
    rate = torch.tensor(0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    with Recorder(tmp_path, optimizer) as recorder:
        loss = update(model, optimizer)
        rate.fill_(0.25)
        recorder.step(loss)
    assert lrlab.read(tmp_path)[0].lr.tolist() == [[0.5]]


def test_a_loss_that_ends_as_no_number_has_diverged(tmp_path: Path) -> None:
    model, optimizer = parts()
    with Recorder(tmp_path, optimizer) as recorder:
        for loss in (1.0, float("inf"), 2.0, float("nan"), float("nan")):
            update(model, optimizer)
            recorder.step(loss)
    [run] = lrlab.read(tmp_path)
    assert (run.outcome, run.ended_at) == ("diverged", 3)
    assert str(run.loss.tolist()) == "[1.0, inf, 2.0, nan, nan]"


def test_an_exception_is_why_it_failed(tmp_path: Path) -> None:
    model, optimizer = parts()
    with pytest.raises(KeyError), Recorder(tmp_path / "a", optimizer) as recorder:
        recorder.step(update(model, optimizer))
        raise KeyError("no such batch")
    with pytest.raises(KeyboardInterrupt), Recorder(tmp_path / "b", optimizer) as recorder:
        raise KeyboardInterrupt
    [failed], [stopped] = lrlab.read(tmp_path / "a"), lrlab.read(tmp_path / "b")
    assert (failed.outcome, failed.why) == ("failed", "KeyError: 'no such batch'")
    assert stopped.outcome == "stopped"


def test_several_recorders_make_a_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for lr in (0.1, 0.01):
        for seed in (0, 1, 2):
            torch.manual_seed(seed)
            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            options: dict[str, Any] = {
                "label": f"lr {lr}",
                "seed": seed,
                "total_steps": 20,
                "title": "Which rate?",
            }
            with Recorder(tmp_path, optimizer, model, **options) as recorder:
                for _ in range(20):
                    recorder.step(update(model, optimizer))
                recorder.validate(validation_loss=update(model, optimizer))
    page = lrlab.report(tmp_path)
    told = capsys.readouterr().out
    assert page.exists() and (tmp_path / "report.json").exists()
    for words in ("Which rate?", "lr 0.1", "lr 0.01", "Recorded from trainings", "validation loss"):
        assert words in told
    assert "In PyTorch" not in told and "as recorded: SGD(lr=0.1)" in page.read_text()
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names[0] == "000-lr-0.1-seed0" and names[-1] == "001-lr-0.01-seed2" and len(names) == 6


def test_a_recording_without_validation_can_be_reported(tmp_path: Path) -> None:
    model, optimizer = parts()
    with Recorder(tmp_path, optimizer) as recorder:
        recorder.step(update(model, optimizer))
    assert lrlab.report(tmp_path).exists()


KILLED = """
    import os, signal, sys, time, torch
    from lrlab.torch import Recorder
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    recorder = Recorder(sys.argv[1], optimizer, model, total_steps=1000000, label="killed")
    for index in range(5000):
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        recorder.step(float(index))
    print(recorder.updates, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_whole_lines_that_are_reported_and_resumed(tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL and done.stdout == "5000\n", done.stderr
    [killed] = lrlab.read(tmp_path)
    assert killed.outcome is None and len(killed.t) > 1000
    assert killed.path.read_bytes().endswith(b"}}\n")
    assert lrlab.report(tmp_path).exists()

    with open(killed.path, "ab") as log:
        log.write(b'{"step":{"t":77')
    model, optimizer = parts()
    with pytest.raises(FileExistsError, match="resume"):
        Recorder(tmp_path, optimizer, label="killed")
    with Recorder(tmp_path, optimizer, label="killed", resume=100) as recorder:
        assert recorder.updates == 100
        recorder.step(update(model, optimizer))
    [resumed] = lrlab.read(tmp_path)
    assert resumed.t.tolist() == list(range(101)) and resumed.outcome == "completed"
    assert resumed.loss[:100].tolist() == [float(index) for index in range(100)]
    assert resumed.total_steps == 1000000


FULL = """
    import resource, sys, torch
    from lrlab.torch import Recorder
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    recorder = Recorder(sys.argv[1], optimizer, model)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 20000))
    try:
        for index in range(5000):
            optimizer.step()
            recorder.step(float(index))
    except OSError as error:
        print(type(error).__name__, error.errno, "events.jsonl" in str(error), index < 4000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
"""


def test_a_full_disk_is_an_error_and_leaves_whole_lines(tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.stdout == "OSError 27 True True\n", done.stderr
    [run] = lrlab.read(tmp_path)
    assert run.path.read_bytes().endswith(b"}}\n")


def test_a_recorder_that_is_forgotten_still_writes_its_lines(tmp_path: Path) -> None:
    program = textwrap.dedent(KILLED).replace("os.kill", "0 and os.kill")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True)
    [run] = lrlab.read(tmp_path)
    assert len(run.t) == 5000 and run.outcome is None


def test_one_label_and_seed_is_recorded_once(tmp_path: Path) -> None:
    run = train(tmp_path, label="one")
    before = (run / "events.jsonl").read_bytes()
    with pytest.raises(FileExistsError, match="another label or seed"):
        train(tmp_path, label="one")
    assert (run / "events.jsonl").read_bytes() == before
    train(tmp_path, label="one", seed=1)
    assert [run.seed for run in lrlab.read(tmp_path)] == [0, 1]


def test_two_writers_of_one_run_are_refused(tmp_path: Path) -> None:
    _, optimizer = parts()
    recorder = Recorder(tmp_path, optimizer, label="one")
    with pytest.raises(FileExistsError, match="being written by another recorder"):
        Recorder(tmp_path, optimizer, label="one")
    Recorder(tmp_path, optimizer, label="two").close()
    recorder.close()


def test_folders_that_hold_something_else_are_left_alone(tmp_path: Path) -> None:
    _, optimizer = parts()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("mine")
    with pytest.raises(FileExistsError, match="is not empty"):
        Recorder(foreign, optimizer)
    assert [path.name for path in foreign.iterdir()] == ["thesis.tex"]
    study = tmp_path / "study"
    command = [sys.executable, "-m", "lrlab", "train", "--steps", "3", "--out", str(study)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(FileExistsError, match="study of another kind"):
        Recorder(study, optimizer)
    recorded = tmp_path / "recorded"
    train(recorded)
    command = [sys.executable, "-m", "lrlab", "compare", "--resume", "--out", str(recorded)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "recorded trainings" in refused.stderr
    with pytest.raises(ValueError, match="begin one without resume"):
        Recorder(tmp_path / "new", optimizer, resume=5)


def test_a_loss_is_one_number(tmp_path: Path) -> None:
    model, optimizer = parts()
    recorder = Recorder(tmp_path, optimizer)
    for loss in (torch.ones(3), "low", None):
        update(model, optimizer)
        with pytest.raises(ValueError, match="loss is a .*one number"):
            recorder.step(loss)  # type: ignore[arg-type]
    for fine in (torch.ones(1), 3, torch.tensor(2.0, dtype=torch.bfloat16)):
        update(model, optimizer)
        assert recorder.step(fine)
    with pytest.raises(ValueError, match="accuracy is a list"):
        recorder.validate(accuracy=[1, 2])
    with pytest.raises(ValueError, match="no metric"):
        recorder.validate()
    recorder.close()
    assert lrlab.read(tmp_path)[0].loss.tolist() == [1.0, 3.0, 2.0]


def test_a_rate_that_is_no_number_is_refused(tmp_path: Path) -> None:
    model, optimizer = parts()
    optimizer.param_groups[0]["lr"] = float("nan")
    recorder = Recorder(tmp_path, optimizer)
    loss = update(model, optimizer)
    with pytest.raises(ValueError, match="lr of update 0 is NaN"):
        recorder.step(loss)


@pytest.mark.parametrize(
    "options",
    [
        {"seed": -1},
        {"resume": -1},
        {"total_steps": 0},
        {"epochs": 3},
        {"epochs": 3, "steps_per_epoch": 2, "total_steps": 6},
        {"sync_every": 0},
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Recorder(tmp_path / "new", parts()[1], **options)
    assert not (tmp_path / "new").exists()


def test_nothing_is_recorded_after_the_end(tmp_path: Path) -> None:
    model, optimizer = parts()
    recorder = Recorder(tmp_path, optimizer)
    recorder.close()
    recorder.close()
    update(model, optimizer)
    for late in (lambda: recorder.step(1.0), lambda: recorder.validate(loss=1.0), recorder.flush):
        with pytest.raises(RuntimeError, match="closed"):
            late()
    assert not optimizer._optimizer_step_post_hooks


def test_optimizers_are_copied_and_pickled_without_their_recorder(tmp_path: Path) -> None:
    model, optimizer = parts()
    recorder = Recorder(tmp_path, optimizer)
    pickle.loads(pickle.dumps(optimizer))
    copied = copy.deepcopy(optimizer)
    copied.step()
    assert recorder.updates == 0
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(recorder)


def test_a_fork_does_not_write(tmp_path: Path) -> None:
    model, optimizer = parts()
    with Recorder(tmp_path, optimizer) as recorder:
        recorder.step(update(model, optimizer))
        child = os.fork()
        if child == 0:
            update(model, optimizer)
            try:
                recorder.step(1.0)
            except RuntimeError as error:
                os._exit(7 if "fork" in str(error) else 1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        recorder.step(update(model, optimizer))
    assert lrlab.read(tmp_path)[0].t.tolist() == [0, 1]


def test_loader_workers_run_beside_it(tmp_path: Path) -> None:
    model, optimizer = parts()
    rows = torch.utils.data.TensorDataset(torch.ones(8, 3))
    loader = torch.utils.data.DataLoader(rows, batch_size=2, num_workers=2)
    with Recorder(tmp_path, optimizer) as recorder:
        for (x,) in loader:
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            recorder.step(loss)
    assert lrlab.read(tmp_path)[0].t.tolist() == [0, 1, 2, 3]


def test_threads_record_side_by_side(tmp_path: Path) -> None:
    def one(seed: int) -> None:
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with Recorder(tmp_path, optimizer, seed=seed) as recorder:
            for _ in range(50):
                recorder.step(update(model, optimizer))

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = lrlab.read(tmp_path)
    assert [(run.seed, len(run.t), run.outcome) for run in runs] == [
        (s, 50, "completed") for s in range(6)
    ]
