"""The two ways to a workshop's board: a file in a folder, or a request with a join code.

    LAB_BOARD=/srv/board
    LAB_BOARD=https://teacher:8800/k7fm3q-abcd-efgh-ijkl-mnop

The code's first part lets one in. The rest is the fingerprint of the board's certificate, so that nobody else can
pass for the board; a code without it asks for a certificate that this machine trusts.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.lab.errors import LabError

SECONDS = 5.0
_CODE = re.compile(r"([a-z2-7]{6})((?:-[a-z2-7]{4}){4})?")


class NotSent(Exception):
    """The board did not take it; `for_good` if trying again is no use. The text says why."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


@dataclass(frozen=True)
class Folder:
    """A folder that everybody on this machine can write to."""

    path: Path

    @property
    def place(self) -> str:
        return f"the folder {self.path}"

    def send(self, seat: str, report: dict[str, Any]) -> None:
        """Replace the seat's file in one step. Raises NotSent."""
        draft = self.path / f".{seat}.{os.getpid()}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, 0o644)
                json.dump(report, file)
            os.replace(draft, self.path / f"{seat}.json")
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise NotSent(f"{self.path}: {error.strerror}") from None


@dataclass(frozen=True)
class Address:
    """A board on the network."""

    secure: bool
    host: str
    port: int
    code: str
    fingerprint: str = ""

    @property
    def place(self) -> str:
        return f"http{'s' if self.secure else ''}://{self.host}:{self.port}"

    def send(self, seat: str, report: dict[str, Any]) -> None:
        """Say it in one request, once the certificate is the right one. Raises NotSent."""
        connection = self._connection()
        try:
            connection.connect()
            self._check(connection)
            body = json.dumps(report).encode()
            connection.request("PUT", f"/{self.code}/{seat}", body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NotSent(f"{self.place} does not answer ({error})") from None
        finally:
            connection.close()
        if status != 204:
            raise _refused(self.place, status)

    def _connection(self) -> http.client.HTTPConnection:
        if not self.secure:
            return http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        context = ssl.create_default_context()
        if self.fingerprint:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=SECONDS, context=context)

    def _check(self, connection: http.client.HTTPConnection) -> None:
        if self.fingerprint:
            assert isinstance(connection.sock, ssl.SSLSocket)
            if fingerprint(connection.sock.getpeercert(True) or b"") != self.fingerprint:
                raise NotSent(f"{self.place} has another certificate than the one in the join code", for_good=True)


def fingerprint(certificate: bytes) -> str:
    """80 bits of a certificate's SHA-256 (DER), as four groups that a person can type."""
    text = base64.b32encode(hashlib.sha256(certificate).digest()[:10]).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def way(where: str) -> Folder | Address:
    """What `LAB_BOARD` means. Raises LabError."""
    if "://" not in where:
        return Folder(Path(where).expanduser().absolute())
    parts = urlsplit(where)
    code = _CODE.fullmatch(parts.path.strip("/").lower())
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or code is None:
        raise LabError(
            f"{where!r} is no board's address. It looks like https://teacher:8800/CODE, with the code that the "
            "board shows, or it is a folder."
        )
    secure = parts.scheme == "https"
    return Address(secure, parts.hostname, port or (443 if secure else 80), code[1], (code[2] or "").strip("-"))


def _refused(place: str, status: int) -> NotSent:
    why = {
        403: "does not know this join code",
        413: "finds the report too long",
        422: "does not understand the report: it may be of another version",
        429: "is busy",
        503: "has no seat left",
    }
    return NotSent(f"{place} {why.get(status, f'answers with status {status}')}", for_good=status in (403, 413, 422))
