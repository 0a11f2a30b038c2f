"""What runs in a notebook is heard by nobody else, however the project starts the kernel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from support.course import ROOT
from support.jupyter import TOKEN, Server, address, connected, jupyter

from .test_exposure import kernel_table, sockets_of
from .test_strangers import attempts

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else"),
    pytest.mark.timeout(120),
]
TALK = "import time\nfor _ in range(400): print('the-secret-address', flush=True); time.sleep(0.05)"


def family(pid: int) -> set[int]:
    """A process and all that it has started (Linux)."""
    children = {
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    }
    return {pid}.union(*map(family, children))


def ports(pids: set[int]) -> list[int]:
    """Where these processes listen over TCP."""
    ours = sockets_of(pids)
    return [
        int(row[1].partition(":")[2], 16)
        for name in ("tcp", "tcp6")
        for row in kernel_table(name)
        if row[3] == "0A" and row[9] in ours
    ]


def sockets(pids: set[int]) -> set[str]:
    """The socket files of these processes."""
    ours = sockets_of(pids)
    return {row[7] for row in kernel_table("unix") if row[6] in ours and len(row) > 7}


def overhear(pids: set[int]) -> list[str]:
    """What a stranger gets who subscribes to every port."""
    return attempts(*(("listen", f"tcp://127.0.0.1:{port}") for port in ports(pids)))


def assert_nothing_leaks(pids: set[int]) -> None:
    """While the kernel talks."""
    assert set(overhear(pids)) <= {"no answer"}
    of_kernel = {path for path in sockets(pids) if "-ipc-" in path}
    assert len(of_kernel) == 5
    tried = [("connect", path) for path in of_kernel] + [("enter", str(Path(path).parent)) for path in of_kernel]
    tried += [("read", str(path)) for path in Path(next(iter(of_kernel))).parent.iterdir()]
    assert set(attempts(*tried)) == {"EACCES"}


@contextmanager
def talking(connection_file: Path) -> Iterator[None]:
    """The kernel says the same again and again."""
    with connected(connection_file) as client:
        client.execute(TALK)
        yield


def new_kernel(server: Server) -> Path:
    """The connection file of a kernel that a browser asks for."""
    asked = urllib.request.Request(f"{server.base}api/kernels?token={TOKEN}", method="POST")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return server.runtime / f"kernel-{json.load(answer)['id']}.json"


def test_a_stranger_hears_a_usual_kernel() -> None:
    """So that hearing nothing says something."""
    manager, client = start_new_kernel()
    try:
        client.execute(TALK)
        assert "succeeded" in overhear({manager.provisioner.process.pid})
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_server_with_the_courses_settings(tmp_path: Path) -> None:
    with jupyter(os.environ, tmp_path) as server, talking(new_kernel(server)):
        assert_nothing_leaks(family(os.getpid()) - {os.getpid()})


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_server_whose_runtime_directory_is_no_good(tmp_path: Path, mode: int) -> None:
    """Its path is too long, or others may enter it: the server takes another."""
    place = Path(tempfile.mkdtemp(prefix="jk-"))
    wanted = place / ("long-" * 20 if mode == 0o700 else "open")
    wanted.mkdir(mode)
    log = place / "log"
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--allow-root",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={tmp_path}",
    ]
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(wanted), "TMPDIR": str(place)}
    with log.open("w") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process:
        try:
            base = address(place, process, log, "lab-*/jpserver-*.json")
            server = Server(base, tmp_path, next(place.glob("lab-*")))
            with talking(new_kernel(server)):
                assert_nothing_leaks(family(process.pid))
        finally:
            process.terminate()
            process.wait(20)
    assert not list(place.glob("lab-*")), "it goes with the server"
    log.unlink()
    wanted.rmdir()
    place.rmdir()


def test_binder(tmp_path: Path) -> None:
    """`binder/start` runs what it is given in an environment where Jupyter's configuration says the same."""
    place = Path(tempfile.mkdtemp(prefix="jb-"))
    shown = subprocess.run(
        [ROOT / "binder" / "start", sys.executable, "-m", "jupyter", "server", "--show-config-json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={
            **os.environ,
            "HOME": str(place),
            "LAB_HOME": str(place / "lab"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )
    subprocess.run(
        [sys.executable, "-m", "helpers", "down", "--purge"],
        check=True,
        capture_output=True,
        env={**os.environ, "LAB_HOME": str(place / "lab")},
    )
    found: dict[str, Any] = json.loads(shown.stdout)
    assert found["ServerKernelManager"]["transport"] == "ipc"


RUN = """
import sys, nbformat
from nbclient import NotebookClient
from helpers.lab import kernels
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(sys.argv[1])])
NotebookClient(notebook, kernel_name="python3", kernel_manager_class=kernels.Manager,
               resources={"metadata": {"path": "/"}}).execute()
"""


def test_the_tours_kernels() -> None:
    """And those of the tests, which are started in the same way."""
    with subprocess.Popen([sys.executable, "-c", RUN, TALK], stderr=subprocess.DEVNULL) as process:
        try:
            while not any("-ipc-5" in path for path in sockets(family(process.pid))):
                assert process.poll() is None
                time.sleep(0.1)
            assert_nothing_leaks(family(process.pid))
        finally:
            for pid in family(process.pid):
                os.kill(pid, signal.SIGTERM)


CLOSED = (
    "/",
    "/lab",
    "/tree",
    "/api/status",
    "/api/me",
    "/api/kernels",
    "/api/sessions",
    "/api/contents",
    "/api/terminals",
    "/api/kernelspecs",
    "/api/config/notebook",
    "/api/spec.yaml",
    "/metrics",
    "/logout/../api/me",
    "/shop/",
    "/files/00-start-here.ipynb",
    "/nbconvert/html/00-start-here.ipynb",
    "/view/00-start-here.ipynb",
    "/proxy/80/",
    "/proxy/absolute/80/",
    "/lab/api/settings",
    "/lab/api/workspaces",
    "/lab/api/translations/",
    "/lab/extensions",
    "/terminals/websocket/1",
    "/api/kernels/1/channels",
    "/api/events/subscribe",
    "/server-proxy/servers-info",
    "/custom/custom.css",
    "/kernelspecs/python3/logo-64x64.png",
)


def test_the_servers_own_port_tells_a_stranger_nothing(tmp_path: Path) -> None:
    with jupyter(os.environ, tmp_path) as server:
        port = server.base.rstrip("/").rpartition(":")[2]
        ways = ("", "\r\nAuthorization: token x", "\r\nCookie: username-127-0-0-1=x", "\r\nOrigin: http://evil.example")
        for path in CLOSED:
            got = set(attempts(*(("http", f"{port} GET {path} HTTP/1.1\r\nHost: localhost{way}") for way in ways)))
            assert got <= {"302", "401", "403", "404", "405"}, (path, got)
        for path in ("/api", "/login"):
            assert attempts(("http", f"{port} GET {path} HTTP/1.1\r\nHost: localhost")) == ["200"]
