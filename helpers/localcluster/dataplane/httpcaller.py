"""A caller that speaks HTTP: its request's head is read first, within bounds of size and time."""

import asyncio
from collections.abc import Sequence

from helpers.localcluster.dataplane.tunnel import Caller, Hub
from helpers.localcluster.doors.door import Strangers

LONGEST_HEAD = 16 * 1024
HEAD_SECONDS = 10.0
_TITLES = {
    200: "OK",
    301: "Moved Permanently",
    400: "Bad Request",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class HttpCaller(Caller):
    """Reads a head, then leaves it to `take_head` what to ask for."""

    def __init__(self, hub: Hub, strangers: Strangers) -> None:
        super().__init__(hub, strangers)
        self._deadline: asyncio.TimerHandle | None = None

    def take_head(self, head: bytes) -> None:
        """A whole head has come, given without the empty line that ends it: `ask`, or `answer`."""
        raise NotImplementedError

    def started(self) -> None:
        """Wait for the head, but not for ever."""
        self._deadline = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.answer, 408, "no request came")

    def read_head(self, early: bytearray) -> None:
        """Look for the end of the head."""
        end = early.find(b"\r\n\r\n")
        if end < 0 and len(early) <= LONGEST_HEAD:
            return
        self._stop_clock()
        if not 0 <= end <= LONGEST_HEAD:
            self.answer(431, "the request's head is too long")
            return
        head = bytes(early[:end])
        del early[: end + 4]
        self.take_head(head)

    def respond(self, status: int, headers: Sequence[str], body: bytes) -> None:
        """Answer in the pod's stead, and close."""
        if self.transport.is_closing():
            return
        lines = [f"HTTP/1.1 {status} {title(status)}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The client has hung up."""
        self._stop_clock()
        super().connection_lost(error)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def title(status: int) -> str:
    """What HTTP calls this status."""
    return _TITLES.get(status, "Error")
