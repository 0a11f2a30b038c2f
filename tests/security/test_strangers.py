"""What another user of the same machine can reach: nothing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.recovery import pids
from support.writer import Api

from helpers.localcluster.node.home import Home

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
STRANGER = Path(__file__).with_name("stranger.py")


def attempts(*tried: tuple[str, str]) -> list[str]:
    """What each attempt led to, made by the user `nobody`."""
    done = subprocess.run(
        [sys.executable, "-I", str(STRANGER)], input=json.dumps(tried), text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    results: list[str] = json.loads(done.stdout)
    return results


def everything(root: Path) -> Iterator[Path]:
    yield root
    for directory, below, files in os.walk(root):
        yield from (Path(directory, name) for name in (*below, *files))


def test_a_stranger_can_do_what_anybody_can() -> None:
    """The attempts succeed where they should, so that failing says something."""
    assert attempts(("read", "/etc/hostname"), ("enter", "/"), ("read", "/nowhere")) == [
        "succeeded",
        "succeeded",
        "ENOENT",
    ]


def test_no_file_and_no_socket_can_be_reached(lab: Cluster) -> None:
    tried = []
    for path in everything(lab.home):
        if path.is_dir():
            tried += [("enter", str(path)), ("create", str(path))]
        elif path.is_socket():
            tried.append(("connect", str(path)))
        else:
            tried += [("read", str(path)), ("write", str(path))]
    assert sum(kind == "connect" for kind, _ in tried) > 12, "the pods' sockets are among them"
    reached = [(task, result) for task, result in zip(tried, attempts(*tried), strict=True) if result != "EACCES"]
    assert not reached


def test_the_sockets_of_a_long_home_cannot_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in a directory that all users share, and the stranger has seen its name."""
    monkeypatch.setenv("TMPDIR", "/tmp")
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    seen = home.run
    tried = [("enter", str(seen)), ("create", str(seen)), ("take", str(seen / "pods" / "one")), ("take", str(seen))]
    assert attempts(*tried) == ["EACCES", "EACCES", "EACCES", "EEXIST"]
    home.clear_sockets()
    assert attempts(("take", str(seen))) == ["succeeded"], "as between `down` and the next `up`"
    try:
        home.prepare()
        assert home.run != seen
        assert attempts(("enter", str(home.run)), ("create", str(home.run))) == ["EACCES", "EACCES"]
    finally:
        home.purge()
        seen.rmdir()


def test_no_process_can_be_looked_into_or_signalled(lab: Cluster) -> None:
    tried = [
        (kind, target)
        for pid in pids(lab).values()
        for kind, target in (
            ("read", f"/proc/{pid}/environ"),
            ("read", f"/proc/{pid}/maps"),
            ("enter", f"/proc/{pid}/fd"),
            ("read", f"/proc/{pid}/mem"),
            ("enter", f"/proc/{pid}/cwd"),
            ("signal", str(pid)),
        )
    ]
    assert set(attempts(*tried)) == {"EACCES", "EPERM"}


def test_the_api_wants_the_token(lab: Cluster, api: Api) -> None:
    paths = (
        "/",
        "/api",
        "/version",
        "/metrics",
        "/openapi/v2",
        "/api/v1/namespaces/default/secrets",
        "/api/v1/namespaces/default/pods/keeper/log",
        "/api/v1/namespaces/default/pods/keeper/exec?command=id",
    )
    headers = (
        "",
        "\r\nAuthorization: Bearer",
        "\r\nAuthorization: Bearer x",
        f"\r\nAuthorization: Basic {api.token}",
        f"\r\nAuthorization: Bearer {api.token[:-1]}",
        f"\r\nAuthorization: Bearer {api.token}x",
        f"\r\nX-Remote-User: admin\r\nCookie: token={api.token}",
    )
    tried = [("http", f"{api.port} !GET {path} HTTP/1.1\r\nHost: lab{header}") for path in paths for header in headers]
    tried += [("http", f"{api.port} !GET /version?token={api.token} HTTP/1.1\r\nHost: lab")]
    assert set(attempts(*tried)) == {"401"}
    right = f"{api.port} !GET /version HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {api.token}"
    assert attempts(("http", right)) == ["200"], "with the token it would answer"


def test_health_is_all_that_is_told_to_anybody(api: Api) -> None:
    tried = [("http", f"{api.port} !GET {path} HTTP/1.1\r\nHost: lab") for path in ("/healthz", "/livez", "/readyz")]
    assert attempts(*tried) == ["200"] * 3
    more = ("/healthz/", "/healthz/../version", "/livez/api", "//readyz", "/healthz%2f..%2fversion")
    assert set(attempts(*(("http", f"{api.port} !GET {path} HTTP/1.1\r\nHost: lab") for path in more))) == {"401"}


def test_the_api_does_not_speak_without_tls(api: Api) -> None:
    spoken = f"{api.port} GET /version HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {api.token}"
    assert attempts(("http", spoken))[0] in ("no answer", "ECONNRESET")


def test_the_gateway_wants_a_pods_token(lab: Cluster, api: Api) -> None:
    port = json.loads((lab.home / "node.json").read_text())["gateway_port"]
    uid = api.request("GET", "/api/v1/namespaces/default/pods/keeper")["metadata"]["uid"]

    def basic(text: str) -> str:
        return f"\r\nProxy-Authorization: Basic {base64.b64encode(text.encode()).decode()}"

    headers = (
        "",
        basic(""),
        basic(f"{uid}:"),
        basic(f"{uid}:wrong"),
        basic("nobody:" + "x" * 32),
        f"\r\nProxy-Authorization: Bearer {api.token}",
        "\r\nProxy-Authorization: Basic %%%",
    )
    requests = ("CONNECT frontend:80", "CONNECT 127.0.0.1:22", "GET http://frontend/")
    tried = [("http", f"{port} {request} HTTP/1.1{header}") for request in requests for header in headers]
    assert set(attempts(*tried)) == {"407"}


def test_the_shop_wants_its_secret(lab: Cluster) -> None:
    port, _, secret = lab.status["shop_url"].rpartition(":")[2].strip("/").partition("/")
    paths = (
        "/",
        "/cart",
        f"/{secret[:-1]}/",
        f"/{secret}x/",
        f"//{secret}/",
        f"/x/../{secret}/",
        f"/%2f{secret}/",
        f"/?{secret}",
        f"/{secret.swapcase()}/",
    )
    assert set(attempts(*(("http", f"{port} GET {path} HTTP/1.1\r\nHost: lab") for path in paths))) == {"404"}
    assert attempts(("http", f"{port} GET /{secret}/ HTTP/1.1\r\nHost: lab")) == ["200"]
