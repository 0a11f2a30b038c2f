"""One run of a container: the process, its log, and whoever watches its output."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field

from helpers.localcluster.kubelet.processes.forkserver import ForkServer, Program, exit_code
from helpers.localcluster.kubelet.streams.logs import LogFile
from helpers.localcluster.kubelet.streams.pipes import Input

CHUNK = 1 << 16
DRAIN_SECONDS = 0.5
QUEUE = 256
"""Pieces of output that a watcher may be behind before it is cut off."""


EARLY = 1 << 16
"""Bytes kept for whoever attaches first."""


@dataclass(eq=False)
class Watcher:
    """Someone who follows the output as it comes; None in the queue is its end."""

    pieces: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE + 1))


class Run:
    """A process from its start to its end. Exists only while an event loop runs."""

    def __init__(self, forks: ForkServer, program: Program, log: LogFile, *, stdin: bool) -> None:
        self.log = log
        self._watchers: set[Watcher] = set()
        self._drained = asyncio.Event()
        self._early: bytearray | None = bytearray()
        self.stdin: Input | None = None
        if program.tty:
            self._output, theirs = os.openpty()
            stdio: list[int | None] = [theirs, theirs, theirs]
            self.stdin = Input(os.dup(self._output))
        else:
            self._output, theirs = os.pipe()
            into = self._open_stdin() if stdin else None
            stdio = [into, theirs, theirs]
        try:
            self.process = forks.start(program, stdio)
        except OSError:
            os.close(self._output)
            if self.stdin:
                self.stdin.close()
            raise
        finally:
            for fd in {fd for fd in stdio if fd is not None}:
                os.close(fd)
        os.set_blocking(self._output, False)
        asyncio.get_running_loop().add_reader(self._output, self._read)

    def _open_stdin(self) -> int:
        theirs, ours = os.pipe()
        self.stdin = Input(ours)
        return theirs

    def _read(self) -> None:
        try:
            data = os.read(self._output, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close_output()
            return
        self.log.write(data)
        if self._early is not None and len(self._early) < EARLY:
            self._early += data
        for watcher in [*self._watchers]:
            if watcher.pieces.qsize() >= QUEUE:
                self.unwatch(watcher)
            else:
                watcher.pieces.put_nowait(data)

    def _close_output(self) -> None:
        if self._output >= 0:
            asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)
            self._output = -1
            self._drained.set()

    def watch(self) -> Watcher:
        """Follow the output until the run ends.

        The first to come gets what was written before it could come: it asked for the container to be started.
        """
        watcher = Watcher()
        if self._early:
            watcher.pieces.put_nowait(bytes(self._early))
        self._early = None
        if self._drained.is_set():
            watcher.pieces.put_nowait(None)
        else:
            self._watchers.add(watcher)
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Stop following."""
        if watcher in self._watchers:
            self._watchers.discard(watcher)
            watcher.pieces.put_nowait(None)

    async def wait(self) -> int:
        """Wait until the process has ended and all its output is in the log; its exit status."""
        status = await self.process.wait()
        with contextlib.suppress(TimeoutError):
            # Normally at once; after a fork server's death, until the last holder of the pipe is gone.
            await asyncio.wait_for(self._drained.wait(), DRAIN_SECONDS)
        self.close()
        return exit_code(status)

    def close(self) -> None:
        """Close the log and all descriptors."""
        self._close_output()
        if self.stdin:
            self.stdin.close()
        self.log.close()
        for watcher in [*self._watchers]:
            self.unwatch(watcher)

    async def terminate(self, grace: float) -> None:
        """SIGTERM, at most `grace` seconds, then SIGKILL to the whole group; returns when the process is gone."""
        ended = {self.process.ended}
        if grace > 0:
            self.process.signal(signal.SIGTERM)
            await asyncio.wait(ended, timeout=grace)
        self.process.signal(signal.SIGKILL, group=True)
        await asyncio.wait(ended)
