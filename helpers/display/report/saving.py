"""A report on an application, written to a file to take away."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.display.report.application import report_page
from helpers.lab.errors import LabError
from helpers.policies.reporting.report import report

if TYPE_CHECKING:
    from helpers.policies import World


@dataclass(frozen=True)
class Saved:
    """A file that was written, and what it says in a sentence."""

    path: Path
    sentence: str

    def __repr__(self) -> str:
        return f"{self.path}: {self.sentence}"

    def _repr_html_(self) -> str:
        name = html.escape(str(self.path))
        return f'<p><a href="{name}" target="_blank">{name}</a>: {html.escape(self.sentence)}</p>'


def save_report(application: World, path: str | Path = "report.html", *, title: str = "Who may call whom") -> Saved:
    """Write the report on an application as one HTML page. Raises LabError where that can't be written."""
    file = Path(path)
    found = report(application)
    try:
        file.write_text(report_page(found, title), encoding="utf-8")
    except OSError as error:
        raise LabError(f"{file} can't be written: {error.strerror}. Give another path.") from None
    return Saved(file, found.sentence)
