"""The README's two commands: `make lab` opens the course over a cluster, Control-C ends it, `make down` the cluster."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster
from support.course import ROOT
from support.jupyter import TOKEN, address, connected

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="runs in no virtual environment"),
]
OPTIONS = f"--no-browser --ServerApp.ip=127.0.0.1 --ServerApp.port=0 --IdentityProvider.token={TOKEN}"


@pytest.fixture
def own() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="mk-"))
    yield Cluster(home / "lab")
    shutil.rmtree(home)


def environment(own: Cluster) -> dict[str, str]:
    """A user without any settings, who has a cluster of their own."""
    home = own.home.parent
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "LAB_", "KUBE"))}
    (home / ".kube").mkdir(exist_ok=True)
    (home / ".kube" / "config").write_text("current-context: own\n")
    return kept | {"HOME": str(home), "LAB_HOME": str(own.home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}


def make(target: str) -> list[str]:
    """The command, with the tests' own environment in the place of .venv."""
    place = os.path.relpath(sys.prefix, ROOT)
    return ["make", "--no-print-directory", target, f"VENV={place}", f"LAB_OPTIONS={OPTIONS}"]


def test_make_lab_and_make_down(own: Cluster) -> None:
    log = own.home.parent / "log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            make("lab"),
            cwd=ROOT,
            env=environment(own),
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        try:
            base = address(own.home.parent / "runtime", process, log)
            assert "00-start-here.ipynb" in files(base)
            assert own.refresh()["server"]
            assert kubectl_in_a_kernel(base, own.home.parent / "runtime") == "hipster-lab"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
    assert "Traceback" not in log.read_text()
    assert own.refresh()["server"], "the cluster goes on"
    done = subprocess.run(make("down"), cwd=ROOT, env=environment(own), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not own.processes()


def files(base: str) -> list[str]:
    with urllib.request.urlopen(f"{base}api/contents?token={TOKEN}", timeout=30) as answer:
        return [entry["name"] for entry in json.load(answer)["content"]]


def kubectl_in_a_kernel(base: str, runtime: Path) -> str:
    """What a new kernel's kubectl takes for its context, before anything of the course has run there.

    Nobody but this user can listen to that kernel.
    """

    def ask(method: str, path: str) -> Any:
        asked = urllib.request.Request(f"{base}api/{path}?token={TOKEN}", method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    kernel = ask("POST", "kernels")["id"]
    try:
        with connected(runtime / f"kernel-{kernel}.json") as client:
            assert client.transport == "ipc" and Path(client.ip).parent == runtime
            assert runtime.stat().st_mode & 0o077 == 0
            asked = {"it": "get_ipython().getoutput('kubectl config current-context')[0]"}
            reply = client.execute_interactive("", user_expressions=asked, timeout=60)
            return str(ast.literal_eval(reply["content"]["user_expressions"]["it"]["data"]["text/plain"]))
    finally:
        ask("DELETE", f"kernels/{kernel}")


def test_make_down_on_a_fresh_checkout_installs_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "down", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0 and "No cluster was running" in done.stdout and not list(tmp_path.iterdir())
