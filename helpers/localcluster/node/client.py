"""The few calls of the Kubernetes API that starting a cluster needs, over one connection, without a client library."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

from helpers.localcluster.node.certificates import Credentials, load
from helpers.localcluster.node.home import Home

Object = dict[str, Any]
_BROKEN_OFF = "its answer broke off"


class ApiProblem(Exception):
    """The API refused a request; `status` is the HTTP status, the text its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Speaks to the local cluster's API as its one user. Close it, or use it in a `with`."""

    def __init__(self, port: int, credentials: Credentials, timeout: float = 10.0) -> None:
        self._headers = {
            "Authorization": f"Bearer {credentials.token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=timeout, context=credentials.client_context()
        )

    @classmethod
    def of(cls, home: Home, port: int) -> "Client":
        """For the cluster that runs in this home. Raises OSError if it has never been started."""
        return cls(port, load(home.pki))

    def get(self, path: str) -> Object:
        """Read an object or a list. Raises ApiProblem, OSError."""
        return self._request("GET", path, None)

    def text(self, path: str) -> str:
        """Read something that isn't an object, such as a log. Raises ApiProblem, OSError."""
        return self._exchange("GET", path, None).decode(errors="replace")

    def post(self, path: str, body: Object) -> Object:
        """Create an object. Raises ApiProblem, OSError."""
        return self._request("POST", path, body)

    def watch(self, path: str, seconds: float) -> Iterator[tuple[str, Object]]:
        """Events of a resource, from its present objects on, for so many seconds. Ends the connection's use."""
        deadline = time.monotonic() + seconds
        self._connection.request("GET", path, headers=self._headers)
        self._set_timeout(seconds)
        response = self._connection.getresponse()
        if response.status != 200:
            raise _problem(response.status, response.read())
        while line := self._line(response, deadline):
            event = _decoded(line)
            yield event["type"], event["object"]

    def _line(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        """One line of a watch; empty when the time is over."""
        left = deadline - time.monotonic()
        if left <= 0:
            return b""
        self._set_timeout(left)
        try:
            return response.readline()
        except TimeoutError:
            return b""
        except http.client.HTTPException:
            raise ConnectionResetError(_BROKEN_OFF) from None

    def _set_timeout(self, seconds: float) -> None:
        if self._connection.sock is not None:
            self._connection.sock.settimeout(max(seconds, 0.001))

    def _request(self, method: str, path: str, body: Object | None) -> Object:
        data = None if body is None else json.dumps(body).encode()
        answer: Object = json.loads(self._exchange(method, path, data))
        return answer

    def _exchange(self, method: str, path: str, data: bytes | None) -> bytes:
        self._connection.request(method, path, body=data, headers=self._headers)
        try:
            response = self._connection.getresponse()
            content = response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"the answer broke off: {error!r}") from None
        if response.status >= 300:
            raise _problem(response.status, content)
        return content

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _decoded(content: bytes) -> Object:
    """Raises ConnectionResetError for half an answer."""
    try:
        answer: Object = json.loads(content)
    except ValueError:
        raise ConnectionResetError(_BROKEN_OFF) from None
    return answer


def _problem(status: int, content: bytes) -> ApiProblem:
    try:
        message = json.loads(content).get("message", "")
    except ValueError:
        message = content.decode(errors="replace")[:200]
    return ApiProblem(status, message or f"HTTP status {status}")
