"""The way into the shop: the local cluster's own entrance, or a port-forward to a real cluster's frontend."""

import atexit
import contextlib
import re
import select
import subprocess
import time

from helpers.lab.cluster import local, session
from helpers.lab.errors import ShopError

SERVICE = "frontend"
_PATIENCE = 15.0  # seconds until kubectl must have said which port it listens on

_forward: subprocess.Popen[str] | None = None
_port = 0
_of = ""


def base_url() -> str:
    """The URL below which the shop's pages are, ending in a slash. Raises ShopError if there is no way in."""
    cluster = session.current_or_none()
    if cluster is None or cluster.entered:
        found = local.shop_url()
        if not found:
            raise ShopError(
                "The local cluster does not run, so there is no shop. Start it with lab.start()"
                " (in a terminal: python -m helpers up)."
            )
        return found if found.endswith("/") else found + "/"
    return f"http://127.0.0.1:{forwarded_port()}/"


def forwarded_port() -> int:
    """The local port that leads to the real cluster's frontend; a broken forward is replaced."""
    global _forward, _port, _of
    cluster = session.current()
    name = f"{cluster.context.name}/{cluster.namespace}"
    if _forward is None or _forward.poll() is not None or _of != name or not _alive(_port):
        close()
        _forward, _port, _of = *_open(), name
    return _port


def close() -> None:
    """End the port-forward, if there is one."""
    global _forward
    if _forward is not None:
        _forward.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _forward.wait(timeout=5)
        if _forward.stdout:
            _forward.stdout.close()
    _forward = None


atexit.register(close)


def _open() -> tuple[subprocess.Popen[str], int]:
    from helpers.lab.cluster import kubectl
    from helpers.lab.shop.rollout import cluster_options

    command = [
        kubectl.executable(),
        *cluster_options(session.current()),
        "port-forward",
        "--address",
        "127.0.0.1",
        f"service/{SERVICE}",
        ":80",
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        start_new_session=True,
    )
    said = _first_line(process)
    found = re.search(r"127\.0\.0\.1:(\d+) ->", said)
    if found:
        return process, int(found[1])
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()
    raise ShopError(
        f"There is no way to the shop's frontend: {said.strip() or 'kubectl port-forward said nothing'}. "
        "Is it deployed? Run lab.deploy()."
    )


def _first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.2)[0]:
            return process.stdout.readline()
    return ""


def _alive(port: int) -> bool:
    """kubectl keeps listening after the pod behind it is gone, and ends at the first connection: try one."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
