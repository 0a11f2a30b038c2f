"""The `%%kubectl` cell magic: kubectl with the cell's body on its standard input."""

import shlex
import sys
from itertools import pairwise
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, kwds, magic_arguments

from helpers.lab.cluster import belonging, session, writing
from helpers.lab.cluster import kubectl as tool
from helpers.lab.cluster.fitting import Fitted, fitted
from helpers.lab.course import slips
from helpers.lab.errors import Interrupted, KubectlError
from helpers.plain_text import clean

EXPECT = "--expect-error"
_WRITING = frozenset({"apply", "create", "delete", "patch", "replace"})


@magic_arguments()  # type: ignore[no-untyped-call, untyped-decorator]
@argument(EXPECT, action="store_true", help="show the error and go on")  # type: ignore[no-untyped-call, untyped-decorator]
@argument("command", nargs="*", help="kubectl's own")  # type: ignore[no-untyped-call, untyped-decorator]
@kwds(add_help=False)  # type: ignore[no-untyped-call, untyped-decorator]
def kubectl(line: str, cell: str | None = None) -> None:
    """Run kubectl with the cell's body on its standard input, as in `%%kubectl create -f -`."""
    arguments = _words(line)
    expected = arguments[:1] == [EXPECT]
    arguments = arguments[expected:]
    if not _ready(arguments, cell):
        return
    try:
        fit = _fitted(arguments, cell or "")
        code, said = tool.stream(arguments, fit.text)
    except KeyboardInterrupt:
        raise Interrupted(f"kubectl {arguments[0]}: interrupted.") from None
    if code and not expected:
        raise KubectlError(tool.explain(arguments, said, magic=True), exit_code=code)
    if said:
        print(clean(said), end="", file=sys.stderr)
    print("".join(f"{note}\n" for note in fit.notes), end="")
    if expected and not code:
        raise KubectlError(f"kubectl {' '.join(arguments)} was expected to fail, and did not.")


def _fitted(arguments: list[str], cell: str) -> Fitted:
    """The cell's manifest as this cluster wants it. Raises LabError if it would write what isn't the course's."""
    fit, cluster = fitted(cell), session.current_or_none()
    if cluster is not None and arguments[0] in _WRITING:
        belonging.check(cluster, [*_named(arguments), *writing.objects_of(fit.text)])
    return fit


def _named(arguments: list[str]) -> list[dict[str, Any]]:
    """The namespace that kubectl's options name, as an object in it."""
    words = [part for word in arguments for part in word.split("=", 1)]
    found = [after for word, after in pairwise(words) if word in ("-n", "--namespace")]
    return [{"kind": "What the cell holds", "metadata": {"name": "", "namespace": name}} for name in found]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%kubectl: {error}") from None


def _ready(arguments: list[str], cell: str | None) -> bool:
    """Whether there is something to run; an exercise that nobody has filled in yet is no error."""
    if not arguments:
        raise UsageError("Say what kubectl shall do, for example: %%kubectl create -f -")
    if cell is None:
        return True
    if not {"-", "-f-", "--filename=-"} & set(arguments):
        raise UsageError(f"kubectl {arguments[0]} would not read the cell: add `-f -`, or use !kubectl.")
    if all(text.lstrip().startswith(("#", "---")) or not text.strip() for text in cell.splitlines()):
        print("Nothing to do yet: write YAML below the first line, then run the cell.")
        return False
    return True


def load(shell: Any) -> None:
    """Register `%%kubectl` and `%kubectl` in an IPython shell; doing it twice changes nothing."""
    shell.register_magic_function(kubectl, magic_kind="line_cell", magic_name="kubectl")
    slips.load(shell)
