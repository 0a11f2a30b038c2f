"""What can go wrong in a lab, said in one sentence that names the next step.

    LabError
    ├── ClusterError        the cluster cannot be reached, or answered with an error
    │   └── NotFound        it has no such object or resource
    ├── KubectlError        kubectl is missing, or ended with an error
    ├── ShopError           no page of the shop could be fetched at all
    ├── Unfinished          something did not become ready in time
    ├── Interrupted         the learner pressed stop
    ├── DrawingError        graphviz is missing, or ended with an error
    └── PackageMissing      a Python package that the course needs is not installed

IPython shows them without a traceback; everywhere else they are ordinary exceptions.
"""

import difflib
import importlib
import sys
from collections.abc import Iterable
from types import ModuleType

from helpers.plain_text import clean


class LabError(Exception):
    """A sentence for the learner: what happened, and what to do next."""

    def _render_traceback_(self) -> list[str]:
        """IPython asks for the lines to show in place of a traceback."""
        return [clean(str(self))]


class ClusterError(LabError):
    """The cluster cannot be reached, or it answered with an error.

    `status` is the HTTP status, 0 if there was no answer; `reason` the API's word for it (`Conflict`, `Forbidden`, …).
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class NotFound(ClusterError):
    """The cluster has no such object, or does not know such a resource."""

    def __init__(self, message: str, *, status: int = 404, reason: str = "NotFound") -> None:
        super().__init__(message, status=status, reason=reason)


class KubectlError(LabError):
    """kubectl is missing, or ended with an error; `exit_code` is its exit status."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ShopError(LabError):
    """No page of the shop could be fetched at all (a page that says 500 is a page, and no error here)."""


class Unfinished(LabError):
    """Something did not become ready in time."""


class Interrupted(LabError):
    """The learner interrupted a wait; nothing was undone."""


class DrawingError(LabError):
    """graphviz is missing, or ended with an error."""


class PackageMissing(LabError):
    """A Python package that the course needs is not installed."""


def load(module: str) -> ModuleType:
    """Import a module of the course. Raises PackageMissing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "helpers").partition(".")[0] == "helpers":
            raise
        raise PackageMissing(
            f"The Python package {error.name} is missing in {sys.executable}. Install what the course needs: "
            "make lab (or: python -m pip install -r requirements.txt)"
        ) from None


def did_you_mean(name: str, known: Iterable[str], *, alike: float = 0.6) -> str:
    """Return ` Did you mean 'x'?` for a near miss, and an empty string otherwise; 1.0 is alike in every letter."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=alike)
    return f" Did you mean {near[0]!r}?" if near else ""
