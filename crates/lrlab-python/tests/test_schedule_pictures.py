"""What `lrlab.Schedule` draws, with Matplotlib and without."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest

from lrlab import Schedule

TWO_GROUPS = (
    "for *.bias: sgd lr=0.2; for *: sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%"
)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestPictures:
    def test_are_files_by_their_ending(self, tmp_path: pathlib.Path) -> None:
        schedule = Schedule("sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%", 100)
        heads = {"svg": b"<svg", "png": b"\x89PNG\r\n\x1a\n", "csv": b"step,epoch,"}
        for ending, head in heads.items():
            file = tmp_path / f"rates.{ending}"
            assert schedule.plot(file) == file
            assert file.read_bytes().startswith(head)
            assert schedule.plot(str(file), log=True) == str(file)
        assert b"momentum" in (tmp_path / "rates.svg").read_bytes()
        for name in ("rates.gif", "rates"):
            with pytest.raises(ValueError, match=r"\.svg, \.png or \.csv"):
                schedule.plot(tmp_path / name)
            assert not (tmp_path / name).exists()

    def test_are_a_notebooks(self) -> None:
        svg = Schedule("warmup 5% then cosine to 0", 100)._repr_svg_()
        assert svg is not None and svg.startswith("<svg") and "learning rate" in svg

    def test_are_drawn_on_axes(self) -> None:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        schedule = Schedule(TWO_GROUPS, 50)
        _, own = plt.subplots()
        axes = schedule.plot(ax=own, log=True)
        assert axes is own and axes.get_yscale() == "log"
        assert [line.get_label() for line in axes.lines] == ["*.bias", "*"]
        assert np.array_equal(axes.lines[1].get_ydata(), schedule.values(group="*"))
        momentum = schedule.plot(field="momentum")
        assert momentum is not own and momentum.get_ylabel() == "momentum"
        with pytest.raises(ValueError, match="not both"):
            schedule.plot("rates.svg", ax=own)
        plt.close("all")

    def test_are_svg_without_matplotlib(self) -> None:
        block = (
            "import sys, importlib.abc\n"
            "class Block(importlib.abc.MetaPathFinder):\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] == 'matplotlib': raise ModuleNotFoundError(name)\n"
            "sys.meta_path.insert(0, Block())\n"
        )
        code = "import lrlab; print(lrlab.Schedule('cosine', 10).plot()[:4])"
        assert python(block + code).strip() == "<svg"
        assert python(f"import sys; sys.modules['matplotlib'] = None; {code}").strip() == "<svg"
