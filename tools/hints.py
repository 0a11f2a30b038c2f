"""Write the checks' hints into docs/workshop.md, as the code has them: each hint's key, and what it says first.

Called by `make nav`. `--check` writes nothing and fails when the table is out of date.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ROOT / "helpers" / "lab" / "course" / "checks"
PAGE = ROOT / "docs" / "workshop.md"
TABLE = re.compile(r"(<!-- the hints -->\n).*?(<!-- end of the hints -->)", re.DOTALL)


def hints(folder: Path = CHECKS) -> dict[str, str]:
    """Each hint's sentence by its key, with an ellipsis for what depends on the cluster; the first place counts."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "hint" and len(call.args) == 2:
                for key in keys(call.args[0]):
                    found.setdefault(key, sentence(call.args[1]))
    return dict(sorted(found.items()))


def keys(node: ast.expr) -> Iterator[str]:
    """The keys that an expression may give: one that stands there, or either of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from keys(node.body)
        yield from keys(node.orelse)


def sentence(node: ast.expr) -> str:
    """The first sentence of a text of the code."""
    text = " ".join(whole(node).split())
    text = re.sub(r"`?…`?(?:,? (?:and )?`?…`?)*", "…", text)
    first = re.split(r"(?<=[.?!]) ", text)[0]
    return first.replace("|", r"\|")


def whole(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(whole(part) for part in node.values)
    return "…"


def table(found: dict[str, str]) -> str:
    return "\n".join(
        ["| hint | what it says |", "| --- | --- |", *(f"| `{key}` | {text} |" for key, text in found.items())]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the checks' hints into docs/workshop.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    page = PAGE.read_text("utf-8")
    renewed = TABLE.sub(lambda marks: f"{marks[1]}{table(hints())}\n{marks[2]}", page)
    if renewed == page:
        return 0
    if check:
        print("docs/workshop.md: the hints are out of date; run: make nav", file=sys.stderr)
        return 1
    PAGE.write_text(renewed, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
