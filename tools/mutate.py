"""Change the source in one place at a time and see whether a test notices: what lives shows what no test holds.

    python tools/mutate.py helpers/policies/linting [--tests tests/policies] [--count 60] [--seed 1] [--jobs 2]

Each change is made in a copy of the project, so that nothing here is touched. Exit status 1 when more than one change
in a hundred lives.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("helpers", "tests", "tools", "benchmarks", "notebooks/policies", "pyproject.toml")
LONGEST = 300
"""Seconds for the tests of one change; a change that takes longer is noticed."""

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Mult: ast.Add,
}


class Place(NamedTuple):
    """A change that can be made: the node by its number in the file's tree, and which of the node's changes."""

    path: Path
    node: int
    choice: int


class Change(NamedTuple):
    """A change of one place of a file; `text` is the whole file after it."""

    path: Path
    line: int
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def places(path: Path) -> Iterator[Place]:
    """Every change that can be made in a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    types = {id(part) for whole in _annotations(tree) for part in ast.walk(whole)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in types:
            yield from (Place(path, number, choice) for choice, _ in enumerate(_of(node)))


def _annotations(tree: ast.AST) -> Iterator[ast.AST]:
    """The types that are written down, which nothing runs."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            written = getattr(node, name, None)
            if isinstance(written, ast.AST):
                yield written


def made(place: Place) -> Change:
    """A change, made."""
    tree = ast.parse((ROOT / place.path).read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[place.node]
    before = ast.unparse(node)
    what, change = list(_of(node))[place.choice]
    change(node)
    return Change(
        place.path,
        getattr(node, "lineno", 0),
        f"{what}: {_first(before)}  →  {_first(ast.unparse(node))}",
        ast.unparse(ast.fix_missing_locations(tree)),
    )


def _first(text: str) -> str:
    return text.partition("\n")[0][:70]


def _of(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """The changes that one node allows: what each is called, and how it is made."""
    match node:
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                yield (
                    "compare",
                    _setting(
                        lambda found, number=number, operator=operator: found.ops.__setitem__(
                            number, _COMPARE[type(operator)]()
                        )
                    ),
                )
        case ast.BoolOp():
            yield (
                "and, or",
                _setting(lambda found: setattr(found, "op", ast.Or() if isinstance(found.op, ast.And) else ast.And())),
            )
            for number in range(len(node.values)):
                yield "a condition less", _setting(lambda found, number=number: found.values.pop(number))
        case ast.UnaryOp(op=ast.Not()):
            yield "not", _setting(lambda found: setattr(found, "op", ast.UAdd()))
        case ast.BinOp() if type(node.op) in _BINARY and not _text(node):
            yield "operator", _setting(lambda found: setattr(found, "op", _BINARY[type(found.op)]()))
        case ast.Constant() if type(node.value) in (int, bool):
            yield (
                "constant",
                _setting(
                    lambda found: setattr(
                        found, "value", not found.value if isinstance(found.value, bool) else found.value + 1
                    )
                ),
            )
        case ast.If() | ast.IfExp():
            for value in (True, False):
                yield "if", _setting(lambda found, value=value: setattr(found, "test", ast.Constant(value)))
        case ast.comprehension():
            for number in range(len(node.ifs)):
                yield "a filter less", _setting(lambda found, number=number: found.ifs.pop(number))
        case ast.Return(value=ast.expr()):
            yield "return", _setting(lambda found: setattr(found, "value", ast.Constant(None)))
        case ast.FunctionDef() | ast.If() | ast.For():
            for number, line in enumerate(node.body):
                if isinstance(line, ast.AugAssign | ast.Continue) or (
                    isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)
                ):
                    yield (
                        "a line less",
                        _setting(lambda found, number=number: found.body.__setitem__(number, ast.Pass())),
                    )


def _setting(change: Callable[..., object]) -> Callable[[ast.AST], None]:
    def set_it(node: ast.AST) -> None:
        change(node)

    return set_it


def _text(node: ast.BinOp) -> bool:
    """Whether a sum joins texts, which only sentences would show."""
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in (node.left, node.right)
    )


def lives(change: Change, house: Path, tests: list[str]) -> bool:
    """Whether all tests pass though the source was changed."""
    target = house / change.path
    sound = target.read_text(encoding="utf-8")
    target.write_text(change.text, encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not long", *tests],
            cwd=house,
            capture_output=True,
            timeout=LONGEST,
        )
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(sound, encoding="utf-8")


def copies(count: int, into: Path) -> SimpleQueue[Path]:
    """Copies of what the tests need."""
    found: SimpleQueue[Path] = SimpleQueue()
    for number in range(count):
        house = into / str(number)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, house / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
            else:
                shutil.copy(ROOT / name, house / name)
        found.put(house)
    return found


def run(chosen: list[Change], tests: list[str], jobs: int) -> list[Change]:
    """The changes that live."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        houses = copies(jobs, Path(folder))

        def one(change: Change) -> bool:
            house = houses.get()
            try:
                alive = lives(change, house, tests)
            finally:
                houses.put(house)
            print(f"{'lives ' if alive else 'noticed'} {change}", flush=True)
            return alive

        return [change for change, alive in zip(chosen, pool.map(one, chosen), strict=True) if alive]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders of the project's source")
    parser.add_argument("--tests", action="append", default=[], help="what must notice; tests/policies if not given")
    parser.add_argument("--count", type=int, default=100, help="how many changes, chosen by chance; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    files = [file for path in options.paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    known = [place for file in files for place in places(file)]
    count = min(options.count or len(known), len(known))
    chosen = [made(place) for place in random.Random(options.seed).sample(known, count)]
    alive = run(chosen, options.tests or ["tests/policies"], options.jobs)
    print(f"{len(alive)} of {count} changes live (of {len(known)} that can be made).")
    return 1 if len(alive) * 100 > count else 0


if __name__ == "__main__":
    sys.exit(main())
