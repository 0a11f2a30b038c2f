"""Attendees' names as a teacher has them, one a line, and what their namespaces are called."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from helpers.lab.cluster.belonging import BESIDE
from helpers.lab.errors import LabError
from helpers.policies.model.naming import is_system

LONGEST = 63 - max(len(f"-{beside}") for beside in BESIDE)
"""Characters of a name, so that those of the namespaces beside it are names too."""
MOST = 500
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def read(file: Path) -> list[str]:
    """The names in a file, cleaned; empty lines and those that begin with # count for nothing. Raises LabError."""
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise LabError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise LabError(f"{file} is not text in UTF-8. Save it as that, one name a line.") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    names = cleaned((number, line) for number, line in lines if line and not line.startswith("#"))
    if not names:
        raise LabError(f"{file} names nobody. Write one attendee's name a line.")
    if len(names) > MOST:
        raise LabError(f"{file} names {len(names)} attendees; this makes {MOST} at most.")
    return names


def label(name: str) -> str:
    """A name as a label of DNS: `Zoë O'Hara` gives `zoe-o-hara`; "" if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")


def namespaces_of(seat: str) -> list[str]:
    """The seat's own namespace, and those beside it."""
    return [seat, *(f"{seat}-{beside}" for beside in BESIDE)]


def cleaned(lines: Iterable[tuple[int, str]]) -> list[str]:
    """The names of numbered lines. Raises LabError, which says all that is wrong with them."""
    wrong, taken, names = [], dict[str, int](), []
    for number, line in lines:
        name = label(line)
        spaces = namespaces_of(name)
        clash = next((taken[space] for space in spaces if space in taken), 0)
        if problem := _problem(name):
            wrong.append(f"Line {number}, {line[:60]!r}: {problem}.")
        elif clash:
            wrong.append(f"Line {number}, {line[:60]!r}: its namespaces would be called as those of line {clash}.")
        else:
            taken.update(dict.fromkeys(spaces, number))
            names.append(name)
    if wrong:
        raise LabError("\n".join([*wrong, "Nothing was made. Change these lines, and run it again."]))
    return names


def _problem(name: str) -> str:
    if not name:
        return "no letter a to z and no digit is left for a namespace's name"
    if len(name) > LONGEST:
        return f"{name} is longer than {LONGEST} characters"
    if name == "default" or is_system(name) or name.startswith("kube-"):
        return f"{name} is a namespace of the cluster's own"
    return ""
