"""What the API asks of the node that it belongs to; the kubelet and the dataplane answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Protocol

Object = dict[str, Any]


class ExecSession(Protocol):
    """One command that runs in a container."""

    @property
    def stdout(self) -> AsyncIterator[bytes]: ...

    @property
    def stderr(self) -> AsyncIterator[bytes]:
        """Empty with a terminal, which has one output only."""

    async def write_stdin(self, data: bytes) -> None: ...

    async def close_stdin(self) -> None: ...

    async def resize(self, width: int, height: int) -> None:
        """Tell the terminal its size in characters."""

    async def wait(self) -> int:
        """The exit code, once the command has ended."""

    async def kill(self) -> None:
        """End the command; its client has gone."""


class FlowLog(Protocol):
    """Connections that the dataplane judged; `revision` grows with every change."""

    revision: int

    def list(self) -> list[Object]: ...

    def subscribe(self, callback: Callable[[str, Object], None]) -> Callable[[], None]:
        """Call `callback(type, flow)` from now on; returns how to stop."""


class NodeStreams(Protocol):
    """Everything about a pod that isn't in the store. All raise ApiError with a sentence."""

    def logs(
        self,
        pod: Object,
        container: str,
        *,
        follow: bool,
        previous: bool,
        tail: int | None,
        since: datetime | None,
        timestamps: bool,
        limit: int | None,
    ) -> AsyncIterator[bytes]: ...

    async def exec(self, pod: Object, container: str, command: list[str], *, tty: bool, stdin: bool) -> ExecSession: ...

    async def attach(self, pod: Object, container: str, *, tty: bool, stdin: bool) -> ExecSession: ...

    async def dial(self, pod: Object, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]: ...

    def flows(self) -> FlowLog: ...
