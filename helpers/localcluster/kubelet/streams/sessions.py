"""Commands in a running container (`kubectl exec`) and looking over its shoulder (`kubectl attach`)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

from helpers.localcluster.kubelet.processes.forkserver import ForkServer, Process, Program, exit_code
from helpers.localcluster.kubelet.processes.run import Run
from helpers.localcluster.kubelet.processes.wire import close_all
from helpers.localcluster.kubelet.streams.pipes import Input, Output


class CommandSession:
    """A command that runs beside a container's own process."""

    def __init__(self, process: Process, stdin: Input | None, stdout: Output, stderr: Output | None) -> None:
        self.process = process
        self._stdin = stdin
        self._outputs = [output for output in (stdout, stderr) if output]
        self.stdout: AsyncIterator[bytes] = stdout
        self.stderr: AsyncIterator[bytes] = stderr or _nothing()

    async def write_stdin(self, data: bytes) -> None:
        """Pass on input; without an input it is dropped."""
        if self._stdin:
            await self._stdin.write(data)

    async def close_stdin(self) -> None:
        """Pass on the end of the input."""
        if self._stdin:
            self._stdin.close()

    async def resize(self, width: int, height: int) -> None:
        """Tell the terminal its size in characters."""
        if self._stdin:
            self._stdin.resize(width, height)

    async def wait(self) -> int:
        """The exit code: 0 to 255, 128 + n for a signal n."""
        return exit_code(await self.process.wait())

    async def kill(self) -> None:
        """End the command if it still runs, and free everything: its client has gone."""
        self.process.signal(signal.SIGKILL, group=True)
        await self.close_stdin()
        for output in self._outputs:
            output.close()
        await self.process.wait()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def start(forks: ForkServer, program: Program, *, stdin: bool) -> CommandSession:
    """Start a command with pipes, or at a terminal of its own if the program wants one. Raises OSError."""
    opened: list[int] = []
    try:
        if program.tty:
            ours, theirs = _opened(opened, os.openpty())
            process = forks.start(program, [theirs, theirs, theirs])
            os.close(theirs)
            return CommandSession(process, Input(os.dup(ours)), Output(ours), None)
        out, theirs_out = _opened(opened, os.pipe())
        err, theirs_err = _opened(opened, os.pipe())
        theirs_in, into = _opened(opened, os.pipe()) if stdin else (None, None)
        process = forks.start(program, [theirs_in, theirs_out, theirs_err])
    except OSError:
        close_all(opened)
        raise
    close_all([fd for fd in (theirs_in, theirs_out, theirs_err) if fd is not None])
    return CommandSession(process, None if into is None else Input(into), Output(out), Output(err))


def _opened(opened: list[int], pair: tuple[int, int]) -> tuple[int, int]:
    opened.extend(pair)
    return pair


async def execute(forks: ForkServer, program: Program, seconds: float) -> tuple[int, str]:
    """Run a command to its end; status and output (its last 4 kB). Raises TimeoutError."""
    session = start(forks, program, stdin=False)
    kept = bytearray()

    async def read(stream: AsyncIterator[bytes]) -> None:
        async for data in stream:
            kept.extend(data)
            del kept[:-4096]

    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(read(session.stdout), read(session.stderr))
            return await session.wait(), kept.decode(errors="replace")
    finally:
        await session.kill()


class AttachSession:
    """The output of a container's own process from now on, and its input."""

    def __init__(self, run: Run, *, stdin: bool, once: bool) -> None:
        self._run = run
        self._watcher = run.watch()
        self._stdin = run.stdin if stdin else None
        self._once = once
        self.stdout: AsyncIterator[bytes] = self._pieces()
        self.stderr: AsyncIterator[bytes] = _nothing()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._watcher.pieces.get()) is not None:
            yield piece

    async def write_stdin(self, data: bytes) -> None:
        """Pass on input; without an input it is dropped."""
        if self._stdin:
            await self._stdin.write(data)

    async def close_stdin(self) -> None:
        """Pass on the end of the input."""
        # With stdinOnce the first client's end of input is the container's.
        if self._stdin and self._once:
            self._stdin.close()

    async def resize(self, width: int, height: int) -> None:
        """Tell the terminal its size in characters."""
        if self._run.stdin:
            self._run.stdin.resize(width, height)

    async def wait(self) -> int:
        """Wait for the container's end. Attaching succeeded then, however the container fared: 0."""
        await self._run.process.wait()
        return 0

    async def kill(self) -> None:
        """Look away; the container goes on."""
        await self.close_stdin()
        self._run.unwatch(self._watcher)
