"""Trials side by side, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from lrlab import _core
from lrlab.torch.laboratory import trial
from lrlab.torch.laboratory.problem import Problem, own_randomness
from lrlab.torch.laboratory.trial import Request


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: what is done is kept, and the same call goes on."""


def train(study: _core.Study, problem: Problem, processes: int | None, what: str) -> None:
    """Trains what the study asks for until it has its answer.

    Raises:
        Interrupted: Ctrl-C.
    """
    processes = _processes(processes)
    done = 0
    try:
        with _Workers(study, problem, processes) as workers, _Line(what) as line:
            while requests := [Request(n, str(f), t, a) for n, f, t, a in study.next()]:
                for _ in workers.run(requests):
                    done += 1
                    line.show(done)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted: what is done is kept in {study.path}; the same call with "
            f"folder={str(study.path)!r} goes on"
        ) from None


def _processes(asked: int | None) -> int:
    """How many train side by side; 1 for none but this one."""
    if asked is not None:
        if asked < 0:
            raise ValueError(f"processes = {asked}, expected 0 or more")
        return max(1, asked)
    # A device is one: trials on it would only wait for each other.
    if _on_device():
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _on_device() -> bool:
    """Whether CUDA is in use, which no forked process can go on with."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


class _Line:
    """How far it is, on a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()

    def show(self, ended: int) -> None:
        """So many trials have ended."""
        if self._shown:
            print(f"\r{self._what}: {ended} trials", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class _Worker:
    """A process that trains one trial after the other."""

    def __init__(self, context: Any, study: _core.Study, problem: Problem) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        # A forked process holds the study too, and has to let go of its lock.
        held = study if context.get_start_method() == "fork" else None
        self.process = context.Process(
            target=_work, args=(theirs, problem, study.steps_per_epoch, os.getpid(), held)
        )
        with warnings.catch_warnings():
            # Forking beside the threads of PyTorch: the worker only ever uses one.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        self.request: Request | None = None

    def give(self, request: Request) -> None:
        """Asks for a trial."""
        self.request = request
        # A worker that is gone is found out when its end is waited for.
        with contextlib.suppress(OSError):
            self.pipe.send(request)

    def took(self) -> Request | None:
        """The trial that it has done, after it was heard of; `None` if it is gone instead."""
        request, self.request = self.request, None
        try:
            if self.pipe.poll():
                self.pipe.recv()
                return request
        except (EOFError, OSError):
            pass
        self.request = request
        return None

    def why(self) -> str:
        """How its process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            name = signal.Signals(-code).name
            return f"its process was ended by {name}" + (", for want of memory perhaps" if code == -9 else "")
        return (
            f"its process ended with exit code {code}; where processes are spawned, a script needs "
            '`if __name__ == "__main__":` around what it does'
        )


class _Workers:
    """So many processes, or none but this one."""

    def __init__(self, study: _core.Study, problem: Problem, processes: int) -> None:
        self._study, self._problem, self._most = study, problem, processes
        self._workers: list[_Worker] = []
        if processes > 1:
            forks = "fork" in multiprocessing.get_all_start_methods() and not _on_device()
            self._context = multiprocessing.get_context("fork" if forks else "spawn")
            if not forks:
                _check_pickles(problem)

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def run(self, requests: list[Request]) -> Iterator[Request]:
        """Trains them all, in any order; gives each as it ends."""
        if self._most == 1:
            for request in requests:
                with own_randomness():
                    trial.run(self._problem, request, self._study.steps_per_epoch, lambda: False)
                yield request
            return
        waiting = list(reversed(requests))
        while len(self._workers) < min(self._most, len(requests)):
            self._workers.append(_Worker(self._context, self._study, self._problem))
        while waiting or any(worker.request for worker in self._workers):
            for worker in self._workers:
                if waiting and worker.request is None:
                    worker.give(waiting.pop())
            busy = [worker for worker in self._workers if worker.request]
            heard = wait([part for w in busy for part in (w.pipe, w.process.sentinel)])
            for worker in busy:
                if worker.pipe not in heard and worker.process.sentinel not in heard:
                    continue
                ended = worker.took()
                yield self._lost(worker) if ended is None else ended

    def _lost(self, worker: _Worker) -> Request:
        """The trial of a worker that is gone failed; another worker takes its place."""
        assert worker.request is not None
        _core.fail_trial(worker.request.folder, worker.why())
        place = self._workers.index(worker)
        self._workers[place] = _Worker(self._context, self._study, self._problem)
        return worker.request


def _check_pickles(problem: Problem) -> None:
    """Refuses what cannot be sent to another process."""
    try:
        pickle.dumps(problem)
    except Exception as error:
        raise TypeError(
            f"these functions cannot be sent to other processes ({error}), which have to be spawned here: "
            "define them at the top of a module, or say processes=1 to train in this one"
        ) from error


def _work(
    pipe: Connection, problem: Problem, steps_per_epoch: int, parent: int, study: _core.Study | None
) -> None:
    """Trains what comes through the pipe, as long as the parent lives."""
    # Ctrl-C goes to the parent, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if study is not None:
        study.release()
    torch.set_num_threads(1)

    def alone() -> bool:
        return os.getppid() != parent

    # Other workers may hold the other end too, so that it does not close with the parent.
    while not alone():
        if pipe.poll(0.5):
            try:
                request: Request = pipe.recv()
            except EOFError:
                return
            trial.run(problem, request, steps_per_epoch, alone)
            pipe.send(request.name)


