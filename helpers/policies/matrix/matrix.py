"""The matrix: who may reach whom, as rows to ask and as lines to read."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.matrix.listing import Connection, connections, text
from helpers.policies.matrix.rows import Rows


class Matrix(Rows):
    """Everything that may reach everything; iterates over its connections and prints as a list of them."""

    def __iter__(self) -> Iterator[Connection]:
        return iter(connections(self))

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<Matrix of {len(self.pods)} pods in {len(self)} classes under {len(self.policies)} policies>"
