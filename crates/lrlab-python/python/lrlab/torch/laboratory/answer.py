"""What find and compare give back: a study's answer."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrlab import _core


@dataclass(frozen=True, repr=False)
class Answer:
    """An answer, with its report and its logs in `folder`."""

    #: Where the logs, report.html and report.json lie.
    folder: Path
    #: The report as the terminal shows it.
    text: str
    #: The report as data.
    data: dict[str, Any]

    def __str__(self) -> str:
        return self.text

    def _page(self, title: str, header: list[str], rows: list[list[str]], told: list[str]) -> str:
        def line(cells: list[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        table = line(header, "th") + "".join(line(row, "td") for row in rows)
        words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in told)
        report = (self.folder / "report.html").resolve()
        link = f'<p><a href="{report.as_uri()}">{html.escape(str(self.folder / "report.html"))}</a></p>'
        return f"<h4>{html.escape(title)}</h4><table>{table}</table>{words}{link}"


def read(study: _core.Study) -> tuple[Path, str, dict[str, Any]]:
    """Writes a study's report and reads it."""
    text, data = study.report()
    return Path(study.path), text, json.loads(data)


def short(number: float | None) -> str:
    """A number with four significant digits."""
    return "-" if number is None else f"{number:.4g}"
