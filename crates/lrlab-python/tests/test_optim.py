"""`lrlab.torch.optim` in a PyTorch user's hands: state, groups, schedulers, memory, and what is refused."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import resource
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lrlab.torch import Scheduler, optim
from lrlab.torch._optimizer import CoreOptimizer, MovingOptimizer

CLASSES: list[type[CoreOptimizer]] = [getattr(optim, name) for name in optim.__all__]
MOVING = [kind for kind in CLASSES if issubclass(kind, MovingOptimizer)]

#: RAdam leaves parameters where they are until its fifth.
UPDATES = 6

every_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
every_moving = pytest.mark.parametrize("kind", MOVING, ids=lambda kind: kind.__name__)


def made(kind: type[CoreOptimizer], params: Any, **values: Any) -> Any:
    """An optimizer that is ready to train."""
    optimizer: Any = kind(params, **values)  # type: ignore[call-arg]
    if isinstance(optimizer, MovingOptimizer):
        optimizer.train()
    return optimizer


def model() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def train(module: nn.Module, optimizer: Any, steps: range) -> None:
    for step in steps:
        draw = torch.Generator().manual_seed(step)
        batch = torch.randn(16, 4, generator=draw)
        optimizer.zero_grad()
        (module(batch) - batch[:, :2]).square().mean().backward()
        optimizer.step()


def update(optimizer: Any) -> None:
    for _ in range(UPDATES):
        optimizer.step()


def bits(tensors: Any) -> list[bytes]:
    return [tensor.detach().numpy().tobytes() for tensor in tensors]


def one(values: Any = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(values, dtype=dtype).requires_grad_()


@every_class
def test_saved_and_loaded_it_goes_on_with_the_same_bits(kind: type[CoreOptimizer]) -> None:
    whole = model()
    train(whole, made(kind, whole.parameters()), range(20))

    first = model()
    optimizer = made(kind, first.parameters())
    train(first, optimizer, range(11))
    file = io.BytesIO()
    torch.save({"model": first.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    second = model()
    second.load_state_dict(saved["model"])
    resumed = made(kind, second.parameters())
    resumed.load_state_dict(saved["optimizer"])
    train(second, resumed, range(11, 20))
    assert bits(second.parameters()) == bits(whole.parameters())


@every_class
@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_copied_with_its_model_it_goes_on_with_the_same_bits(
    kind: type[CoreOptimizer], way: str
) -> None:
    module = model()
    optimizer = made(kind, module.parameters())
    train(module, optimizer, range(7))
    together = (module, optimizer)
    other, other_optimizer = (
        copy.deepcopy(together) if way == "deepcopy" else pickle.loads(pickle.dumps(together))
    )
    train(module, optimizer, range(7, 12))
    train(other, other_optimizer, range(7, 12))
    assert bits(other.parameters()) == bits(module.parameters())


@every_class
def test_tensors_are_changed_where_they_lie(kind: type[CoreOptimizer]) -> None:
    module = model()
    optimizer = made(kind, module.parameters())
    train(module, optimizer, range(2))
    tensors = [*module.parameters()]
    for state in optimizer.state.values():
        tensors += [kept for kept in state.values() if isinstance(kept, Tensor)]
    places, before = [tensor.data_ptr() for tensor in tensors], bits(tensors)
    grads = bits(p.grad for p in module.parameters())
    optimizer.step()
    assert [tensor.data_ptr() for tensor in tensors] == places
    assert bits(tensors) != before
    assert bits(p.grad for p in module.parameters()) == grads, "gradients are only read"


@every_class
def test_no_step_copies_a_tensor(kind: type[CoreOptimizer]) -> None:
    size = 16_000_000
    p = torch.ones(size, requires_grad=True)
    p.grad = torch.ones(size)
    optimizer = made(kind, [p])
    optimizer.step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    optimizer.step()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # KiB on Linux; a copy would be 62,500 of them.
    assert grown < 8_000, f"a step took {grown} KiB"


@every_class
def test_a_step_lets_other_threads_run(kind: type[CoreOptimizer]) -> None:
    size = 4_000_000
    p = torch.ones(size, requires_grad=True)
    p.grad = torch.ones(size)
    optimizer = made(kind, [p])
    counted, done = 0, threading.Event()

    def update() -> None:
        for _ in range(20):
            optimizer.step()
        done.set()

    worker = threading.Thread(target=update)
    worker.start()
    while not done.is_set():
        counted += 1
    worker.join()
    assert counted > 1000, "the interpreter went on while the core worked"


@every_class
def test_what_is_kept_stands_in_the_state_dict(kind: type[CoreOptimizer]) -> None:
    module = model()
    optimizer = made(kind, module.parameters())
    train(module, optimizer, range(3))
    group, state = optimizer.param_groups[0], optimizer.state[module[0].weight]
    assert group["updates"] == 3 and state["step"] == 3
    kept = {key: value for key, value in state.items() if key != "step"}
    assert kept and all(isinstance(value, Tensor) for value in kept.values())
    plain = {key for key, value in group.items() if key != "params"}
    assert set(optimizer.state_dict()["param_groups"][0]) == plain | {"params"}


@every_class
def test_a_parameter_without_a_gradient_rests(kind: type[CoreOptimizer]) -> None:
    moved, resting = one([1.0, 2.0]), one([3.0])
    optimizer = made(kind, [moved, resting])
    moved.grad = torch.ones(2)
    update(optimizer)
    assert resting.tolist() == [3.0] and not optimizer.state[resting]
    assert moved.tolist() != [1.0, 2.0]


@every_class
def test_groups_have_values_of_their_own(kind: type[CoreOptimizer]) -> None:
    a, b = one([1.0]), one([1.0])
    optimizer = made(kind, [{"params": [a]}, {"params": [b], "lr": 0.0, "name": "still"}])
    for p in (a, b):
        p.grad = torch.ones(1)
    update(optimizer)
    assert a.tolist() != [1.0] and b.tolist() == [1.0]


@every_class
def test_a_closure_computes_the_loss_anew(kind: type[CoreOptimizer]) -> None:
    p = one([2.0])
    optimizer = made(kind, [p])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    assert float(optimizer.step(closure).detach()) == 4.0
    for _ in range(UPDATES):
        optimizer.step(closure)
    assert p.tolist() != [2.0]


@every_class
def test_schedulers_of_torch_and_lrlab_set_its_rate(kind: type[CoreOptimizer]) -> None:
    p = one([1.0])
    optimizer = made(kind, [p], lr=0.5)
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    p.grad = torch.ones(1)
    optimizer.step()
    theirs.step()
    assert optimizer.param_groups[0]["lr"] == 0.25
    other = made(kind, [one([1.0])], lr=1.0)
    ours = Scheduler(other, "linear to 0", total_steps=4)
    other.param_groups[0]["params"][0].grad = torch.ones(1)
    other.step()
    ours.step()
    assert other.param_groups[0]["lr"] == 0.75


@every_class
def test_a_rate_may_be_a_tensor(kind: type[CoreOptimizer]) -> None:
    a, b = one([1.0]), one([1.0])
    of_number, of_tensor = made(kind, [a], lr=0.125), made(kind, [b], lr=torch.tensor(0.125))
    for p, optimizer in ((a, of_number), (b, of_tensor)):
        p.grad = torch.ones(1)
        optimizer.step()
    assert a.tolist() == b.tolist()
    assert isinstance(of_tensor.param_groups[0]["lr"], Tensor)


@every_class
def test_autograd_notices_the_change(kind: type[CoreOptimizer]) -> None:
    p = one([1.0])
    optimizer = made(kind, [p])
    loss = p.square().sum()
    p.grad = torch.ones(1)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def refused(kind: type[CoreOptimizer], p: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as error:
        made(kind, [p])
    return str(error.value)


@every_class
def test_what_cannot_be_updated_in_place_is_refused_with_what_to_do(
    kind: type[CoreOptimizer],
) -> None:
    half = torch.zeros(2, dtype=torch.bfloat16, requires_grad=True)
    assert "torch.bfloat16" in refused(kind, half) and "float32" in refused(kind, half)
    assert "complex" in refused(kind, torch.zeros(2, dtype=torch.complex64, requires_grad=True))
    assert "on meta" in refused(kind, torch.zeros(2, device="meta", requires_grad=True))
    assert '.to("cpu")' in refused(kind, torch.zeros(2, device="meta", requires_grad=True))
    strided = torch.zeros(2, 2).t().requires_grad_()
    assert ".contiguous()" in refused(kind, strided)
    assert refused(kind, strided).startswith("parameter 0 of group 0 is not contiguous")


@every_class
def test_gradients_that_cannot_be_read_change_nothing(kind: type[CoreOptimizer]) -> None:
    first, table = one([1.0]), nn.Embedding(5, 2, sparse=True)
    optimizer = made(kind, [{"params": [first]}, {"params": table.parameters()}])
    first.grad = torch.ones(1)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(ValueError, match=r"gradient of parameter 0 of group 1 is .*sparse=False"):
        optimizer.step()
    assert first.tolist() == [1.0]

    wide = torch.zeros(2, 2, requires_grad=True)
    optimizer = made(kind, [wide])
    wide.grad = torch.ones(2, 2)[:, :1].expand(2, 2)
    with pytest.raises(ValueError, match="not contiguous"):
        optimizer.step()
    wide.grad = wide.data
    with pytest.raises(ValueError, match="share memory"):
        optimizer.step()
    mixed = [one([1.0]), one([1.0], torch.float64)]
    optimizer = made(kind, mixed)
    for p in mixed:
        p.grad = torch.ones_like(p)
    with pytest.raises(ValueError, match="groups of their own"):
        optimizer.step()


@every_class
def test_values_out_of_range_are_refused_and_the_group_is_not_added(
    kind: type[CoreOptimizer],
) -> None:
    with pytest.raises(ValueError, match="group 0: lr"):
        made(kind, [one()], lr=-1.0)
    with pytest.raises(TypeError, match="lr: got fast"):
        made(kind, [one()], lr="fast")
    optimizer = made(kind, [one()])
    with pytest.raises(ValueError, match="group 1: lr"):
        optimizer.add_param_group({"params": [one()], "lr": float("nan")})
    assert len(optimizer.param_groups) == 1
    optimizer.param_groups[0]["lr"] = -1.0
    optimizer.param_groups[0]["params"][0].grad = torch.ones(())
    with pytest.raises(ValueError, match="group 0: lr"):
        optimizer.step()


@every_class
def test_a_state_of_something_else_is_refused(kind: type[CoreOptimizer]) -> None:
    p = one([1.0, 2.0])
    optimizer = made(kind, [p])
    p.grad = torch.ones(2)
    optimizer.step()
    name = next(key for key in optimizer.state[p] if key != "step")
    kept = optimizer.state[p][name]
    optimizer.state[p][name] = torch.zeros(7)
    with pytest.raises(RuntimeError, match="has 7 numbers"):
        optimizer.step()
    del optimizer.state[p][name]
    with pytest.raises(RuntimeError, match="begun with other options"):
        optimizer.step()
    optimizer.state[p][name] = kept
    optimizer.step()


@every_class
def test_scalars_and_empty_tensors_are_parameters_too(kind: type[CoreOptimizer]) -> None:
    scalar, empty = one(2.0), torch.zeros(0, 3, requires_grad=True)
    optimizer = made(kind, [scalar, empty])
    scalar.grad, empty.grad = torch.tensor(1.0), torch.zeros(0, 3)
    update(optimizer)
    assert float(scalar.detach()) != 2.0


@every_class
def test_help_tells_every_argument(kind: type[CoreOptimizer]) -> None:
    told = inspect.getdoc(kind) or ""
    arguments = list(inspect.signature(kind).parameters)
    assert arguments[:2] == ["params", "lr"]
    assert all(f"\n    {name}: " in told for name in arguments)


@every_moving
def test_a_step_where_the_model_is_evaluated_is_refused(kind: Any) -> None:
    p = one([1.0])
    optimizer = kind([p])
    p.grad = torch.ones(1)
    with pytest.raises(RuntimeError, match=r"call optimizer.train\(\) before training"):
        optimizer.step()
    assert p.tolist() == [1.0]
    optimizer.train()
    optimizer.step()
    optimizer.eval()
    with pytest.raises(RuntimeError, match=r"call optimizer.train\(\) before training"):
        optimizer.step()


@every_moving
def test_there_and_back_is_the_same_point_and_twice_is_once(kind: Any) -> None:
    module = model()
    optimizer = made(kind, module.parameters())
    train(module, optimizer, range(30))
    trained = [p.detach().clone() for p in module.parameters()]
    optimizer.eval()
    evaluated = [p.detach().clone() for p in module.parameters()]
    assert any(float((a - b).abs().max()) > 1e-4 for a, b in zip(trained, evaluated, strict=True))
    optimizer.eval()
    assert bits(evaluated) == bits(module.parameters())
    optimizer.train()
    for before, now in zip(trained, module.parameters(), strict=True):
        torch.testing.assert_close(now.detach(), before, rtol=1e-4, atol=1e-5)


@every_moving
def test_saved_where_it_is_evaluated_it_goes_on(kind: Any) -> None:
    module = model()
    optimizer = made(kind, module.parameters())
    train(module, optimizer, range(5))
    optimizer.eval()
    other = model()
    other.load_state_dict(module.state_dict())
    resumed = kind(other.parameters())
    # As from a file: loading shares tensors, torch's own way.
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for each, by in ((module, optimizer), (other, resumed)):
        by.train()
        train(each, by, range(5, 9))
    assert bits(other.parameters()) == bits(module.parameters())
