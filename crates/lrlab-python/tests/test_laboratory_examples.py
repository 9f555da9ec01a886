"""The laboratory's examples run as they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_find_then_compare(tmp_path: Path) -> None:
    program = EXAMPLES / "find_then_compare.py"
    assert len(program.read_text().splitlines()) < 80
    ran = subprocess.run(
        [sys.executable, str(program), str(tmp_path)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"lr = [0-9.e-]+ \(the best rate lies between", ran.stdout)
    assert "PyTorch's one cycle: lr = " in ran.stdout
    assert (tmp_path / "find" / "report.html").exists() and (tmp_path / "compare" / "report.html").exists()


def test_the_notebook(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "own_model.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    # The notebook's kernel imports what this test does.
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.data["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert len(pages) == 2 and all("report.html" in page for page in pages)
    assert (tmp_path / "lrlab-runs" / "find-1" / "report.html").exists()
    assert (tmp_path / "lrlab-runs" / "compare-1" / "report.html").exists()
