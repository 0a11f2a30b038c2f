"""Seats on one server as attendees use them: over the one address, in a kernel behind it."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import websocket

from support.workshop import command, free_port


@dataclass(frozen=True)
class Attendee:
    """Somebody with a card: `address` is that of the seat, with a slash at the end."""

    name: str
    address: str
    token: str

    def get(self, path: str = "api/status", *, token: str | None = None) -> int:
        """The status of a page, with a token or, if it is empty, without one."""
        given = self.token if token is None else token
        request = urllib.request.Request(
            self.address + path, headers={"Authorization": f"token {given}"} if given else {}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    @contextmanager
    def kernel(self) -> Iterator["Kernel"]:
        """A kernel of this seat, started as JupyterLab starts one."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + "api/kernels", b'{"name": "python3"}', headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            name = json.load(answer)["id"]
        url = f"{self.address.replace('http', 'ws', 1)}api/kernels/{name}/channels"
        link = websocket.create_connection(url, timeout=120, header=[f"Authorization: token {self.token}"])
        try:
            yield Kernel(link)
        finally:
            link.close()


@dataclass(frozen=True)
class Kernel:
    """A kernel at the other end of a WebSocket."""

    link: websocket.WebSocket

    def run(self, code: str) -> str:
        """Run a cell; returns what it printed, showed and raised, as text."""
        asked, said = uuid.uuid4().hex, ""
        header = {"msg_id": asked, "username": "", "session": asked, "msg_type": "execute_request", "version": "5.3"}
        content = {"code": code, "silent": False, "allow_stdin": False, "stop_on_error": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.link.send(json.dumps(message))
        while True:
            found = json.loads(self.link.recv())
            if found["parent_header"].get("msg_id") != asked:
                continue
            content, kind = found["content"], found["msg_type"]
            if kind == "stream":
                said += str(content["text"])
            elif kind in ("execute_result", "display_data"):
                said += str(content["data"].get("text/plain", "")) + "\n"
            elif kind == "error":
                said += f"{content['ename']}: {content['evalue']}\n"
            elif kind == "status" and content["execution_state"] == "idle":
                return said


@dataclass(frozen=True)
class Seats:
    """A class's seats and the folder that holds them; `environment` is the teacher's."""

    attendees: list[Attendee]
    folder: Path
    environment: dict[str, str]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("seats", *options), env=self.environment, capture_output=True, text=True, timeout=300
        )


@contextmanager
def seats(home: Path, count: int, *options: str) -> Iterator[Seats]:
    """So many seats of a teacher whose LAB_HOME this is; ended afterwards."""
    environment = {**os.environ, "LAB_HOME": str(home)}
    own = Seats([], home / "seats", environment)
    port = free_port()
    try:
        done = own.run(str(count), "--port", str(port), *options)
        assert done.returncode == 0, done.stdout + done.stderr
        cards = (own.folder / "cards.html").read_text("utf-8")
        for address, name, token in re.findall(r'href="(http\S+/(seat-\d+)/)lab\?token=(\w+)"', cards):
            own.attendees.append(Attendee(name, address, token))
        yield own
    finally:
        own.run("--stop")
