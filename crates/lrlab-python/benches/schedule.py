"""What a schedule costs in Python, as one JSON object: the least of several repeats.

    python benches/schedule.py

`values_million_ms` makes the array of a million rates; `import_ms` is what `import lrlab` adds to
the start of the interpreter.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from lrlab import Schedule

REPEATS = 20


def milliseconds_of_values() -> float:
    schedule = Schedule("warmup 5% then cosine to 0", 1_000_000)
    schedule.values()  # imports NumPy
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        values = schedule.values()
        times.append(time.perf_counter() - start)
        assert len(values) == 1_000_000
    return 1000 * min(times)


def milliseconds_of(code: str) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main() -> None:
    figures = {
        "values_million_ms": milliseconds_of_values(),
        "import_ms": milliseconds_of("import lrlab") - milliseconds_of("pass"),
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
