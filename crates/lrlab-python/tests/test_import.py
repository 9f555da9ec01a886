"""What importing the package brings, and what a fault of its own does."""

from __future__ import annotations

import subprocess
import sys

import lrlab
from lrlab import _core


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_brings_neither_torch_nor_numpy() -> None:
    heavy = ("torch", "numpy", "matplotlib", "pandas", "lightning", "transformers")
    use = "import sys, lrlab; lrlab.Schedule('cosine', 9)(3)"
    told = python(f"{use}; print([name for name in {heavy} if name in sys.modules])")
    assert told.strip() == "[]"


def test_without_torch_it_says_what_to_install() -> None:
    without = "import sys; sys.modules['torch'] = None"
    code = f"{without}\ntry: import lrlab.torch\nexcept ModuleNotFoundError as error: print(error)"
    assert python(code).strip() == "lrlab.torch needs PyTorch: `pip install torch`"


def test_a_panic_is_an_exception_and_no_abort() -> None:
    # PyO3's PanicException is a BaseException: `except Exception` does not hide a fault of lrlab's.
    code = (
        "from lrlab import _core\n"
        "try: _core._panic()\n"
        "except Exception: print('hidden')\n"
        "except BaseException as error: print(type(error).__name__, error)"
    )
    assert python(code).strip() == "PanicException as the test asked"


def test_the_version_is_the_packages() -> None:
    assert lrlab.__version__ == _core.VERSION
