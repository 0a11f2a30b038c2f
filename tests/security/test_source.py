"""Rules that hold for every line of the local cluster."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import helpers.localcluster

ROOT = Path(helpers.localcluster.__file__).parent
SECRET = re.compile(r"token|secret(?!s)|password|authorization|credential")
FILES = sorted(ROOT.rglob("*.py"))


def words(node: ast.AST) -> Iterator[str]:
    """The names that an expression uses; not its texts."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_secrets_are_compared_in_constant_time(path: Path) -> None:
    """`hmac.compare_digest`, never `==` or `in`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq | ast.In) for op in node.ops):
            suspicious = [word for word in words(node) if SECRET.search(word.lower())]
            assert not suspicious, f"{path}:{node.lineno} compares {suspicious}"


def test_four_secrets_are_compared_at_all() -> None:
    """The API's token, a service account's, a pod's, the shop's secret address."""
    assert sum(path.read_text().count("hmac.compare_digest(") for path in FILES) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_run_by_a_shell_or_unpickled(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("shell=True", "os.system(", "os.popen(", "import pickle", "eval(", "marshal.load"):
        assert forbidden not in text, forbidden
    assert '"0.0.0.0"' not in text and "'0.0.0.0'" not in text
