"""The command `lrlab`: the same program as the binary, without cargo."""

from __future__ import annotations

import signal
import sys

from lrlab import _core


def main() -> int:
    """Runs the command line and gives its exit code."""
    # Ctrl-C belongs to the command, which keeps what is done; Python would only see it at the end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _core.command(["lrlab", *sys.argv[1:]])
