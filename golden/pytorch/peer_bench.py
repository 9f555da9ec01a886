"""The PyTorch side of lrlab's benchmark: prints one JSON object.

Every figure is the minimum over repeats, on one thread a process, so that noise of the machine drops out.
A step is zero_grad, forward, loss, backward, step, scheduler.step (where there is one) and loss.item().
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

FRESH_FLAG = "--first-program"


def fresh_process(repeats: int) -> dict[str, float]:
    """Wall time and peak memory of the first program from `python` to exit.

    Called before this process imports torch: Linux counts the parent's memory at the fork in the child's peak.
    """
    walls, peaks = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, __file__, FRESH_FLAG], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        walls.append(time.perf_counter() - start)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise RuntimeError(f"first program exited with {child.returncode}")
        peaks.append(usage.ru_maxrss / 1024)
    return {"wall_s": min(walls), "peak_rss_mib": min(peaks)}


def print_first_program() -> None:
    """The whole first program, as a user runs it."""
    import torch

    from workloads import FIRST_PAIRS, first_program

    torch.set_num_threads(1)
    print("\n".join(first_program(0, next(iter(FIRST_PAIRS.values()))).lines()))


def best_us(run: Callable[[], None], count: int, repeats: int) -> float:
    """Microseconds of one of the `count` things that `run` does, at best; one run warms up."""
    run()
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        walls.append(time.perf_counter() - start)
    return min(walls) / count * 1e6


def worker(data: Path, part: int, parts: int, repeats: int, gate: Barrier) -> None:
    """Runs every `parts`-th trial between two passes of the gate, once a repeat."""
    from bench_trials import TRIALS, load_digits, run_trial, use_one_thread

    use_one_thread()
    digits = load_digits(data)
    run_trial(TRIALS[part], digits, epochs=1)
    for _ in range(repeats):
        gate.wait()
        for trial in TRIALS[part::parts]:
            run_trial(trial, digits)
        gate.wait()


def study_wall(data: Path, processes: int, repeats: int) -> float:
    """Wall seconds of all trials split over processes that are warm: imports and loading are not counted."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(processes + 1)
    workers = [
        context.Process(target=worker, args=(data, part, processes, repeats, gate), daemon=True)
        for part in range(processes)
    ]
    for process in workers:
        process.start()
    walls = []
    for _ in range(repeats):
        gate.wait(timeout=600)
        start = time.perf_counter()
        gate.wait(timeout=600)
        walls.append(time.perf_counter() - start)
    for process in workers:
        process.join()
    return min(walls)


def main() -> None:
    """Measures everything and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="digits.csv.gz (default: the project's copy)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--schedulers", action="store_true", help="only time scheduler.step()")
    parser.add_argument("--updates", action="store_true", help="only time optimizer.step()")
    parser.add_argument(FRESH_FLAG, action="store_true", help="only run the first program")
    args = parser.parse_args()
    if args.first_program:
        print_first_program()
        return

    if args.updates:
        import bench_trials as bench
        from bench_updates import updates

        bench.use_one_thread()
        report = {"torch": bench.torch_version(), "updates": updates(8 if args.quick else 40)}
        print(json.dumps(report, indent=1))
        return
    # Before this process imports torch.
    fresh = None if args.schedulers else fresh_process(repeats=2 if args.quick else 5)
    import bench_trials as bench
    from models import Gpt, LeNet, ResidualNet

    bench.use_one_thread()
    data = args.data or bench.DIGITS_CSV
    digits = bench.load_digits(data)
    repeats = 3 if args.quick else 15
    study_repeats = 1 if args.quick else 3
    report = {
        "torch": bench.torch_version(),
        "cpu_capability": bench.cpu_capability(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "quick": args.quick,
        "scheduler_step_us": {
            name: best_us(bench.scheduler_steps(name, digits, 5000), 5000, repeats) for name in bench.SCHEDULERS
        },
    }
    if not args.schedulers:
        from bench_updates import updates

        report |= {
            "updates": updates(8 if args.quick else 40),
            "first_program_fresh_process": fresh,
            "step_us": {
                "line": best_us(bench.line_steps(1000), 1000, repeats),
                "digits": best_us(bench.digits_steps(digits, 440), 440, repeats),
                "lenet": best_us(bench.picture_steps(LeNet(1, 28, 28, 10), 40), 40, repeats),
                "residual": best_us(bench.picture_steps(ResidualNet(1, 10), 4), 4, repeats),
                "gpt": best_us(bench.text_steps(Gpt(75), 10), 10, repeats),
            },
            "study_25_trials": {
                "steps": bench.EPOCHS * digits.steps_per_epoch * len(bench.TRIALS),
                "one_process_s": study_wall(data, 1, study_repeats),
                "two_processes_s": study_wall(data, 2, study_repeats),
                "final_train_loss": bench.final_losses(digits),
            },
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
