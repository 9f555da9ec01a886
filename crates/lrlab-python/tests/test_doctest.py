"""Every example in the package's documentation runs, and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import lrlab


def modules() -> list[str]:
    """Every module of the package; importing `lrlab.__main__` would run the command."""
    found = pkgutil.walk_packages(lrlab.__path__, "lrlab.")
    return ["lrlab", *(module.name for module in found if not module.name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_examples_of(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert failed == 0


def test_there_are_examples_to_run() -> None:
    names = modules()
    assert "lrlab.schedule" in names
    assert doctest.testmod(importlib.import_module("lrlab.schedule")).attempted > 10
