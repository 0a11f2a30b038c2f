"""Somebody without any privilege starts the cluster, sees the shop, writes a policy, and stops it again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.cluster import KUBECTL
from support.course import ROOT
from support.recovery import until

NOBODY = 65534
DROP = [
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--bounding-set=-all",
    "env",
]  # setpriv itself is still root when it starts its command, env isn't
BOMB = "(while :; do sleep 60 & done); echo no more; sleep 60"
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody-ships}
spec: {podSelector: {matchLabels: {app: shippingservice}}}
"""


class User:
    """The user `nobody` with a home of his own. What he can't read of Python or the course, he gets a copy of."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._python = self._interpreter()
        packages = self._readable(Path(sysconfig.get_path("purelib")), "packages")
        course = self._readable(ROOT / "helpers", "course/helpers").parent
        assert KUBECTL
        self._kubectl = self._readable(Path(KUBECTL), "kubectl")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LAB_HOME": str(home / "lab"),
            "KUBECONFIG": str(home / "lab" / "kubeconfig"),
            "KUBECACHEDIR": str(home / "lab" / "kubecache"),
            "PYTHONPATH": os.pathsep.join(map(str, (course, packages))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LD_LIBRARY_PATH": str(home / "python" / "lib"),
        }

    def _interpreter(self) -> str:
        original = os.path.realpath(sys.executable)
        if subprocess.run([*DROP, original, "-c", ""], capture_output=True, cwd="/").returncode == 0:
            return original
        version, place = f"python3.{sys.version_info[1]}", self.home / "python"
        (place / "bin").mkdir(parents=True)
        shutil.copy2(Path(sys.base_prefix, "bin", version), place / "bin")
        shutil.copytree(
            Path(sys.base_prefix, "lib", version),
            place / "lib" / version,
            ignore=shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "config-*"),
        )
        for library in Path(sys.base_prefix, "lib").glob(f"lib{version}*"):
            shutil.copy2(library, place / "lib")
        return str(place / "bin" / version)

    def _readable(self, path: Path, name: str) -> Path:
        """The path itself, or a copy at which he gets."""
        if subprocess.run([*DROP, "test", "-r", path], cwd="/").returncode == 0:
            return path
        copy = self.home / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, copy, copy_function=_linked)
        else:
            shutil.copy2(path, copy)
        return copy

    def helpers(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run([self._python, "-m", "helpers", *arguments])

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What kubectl printed, on either stream."""
        done = self._run([str(self._kubectl), *arguments], stdin)
        return done.stdout + done.stderr

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """kubectl, while it runs."""
        with subprocess.Popen(
            [*DROP, str(self._kubectl), *arguments],
            env=self._environment,
            text=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _run(self, command: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*DROP, *command], env=self._environment, input=stdin, text=True, capture_output=True, timeout=90, cwd="/"
        )

    def processes(self) -> list[str]:
        """The ids of all that he runs."""
        return [path.name for path in Path("/proc").iterdir() if path.name.isdigit() and self._is_his(path)]

    def _is_his(self, process: Path) -> bool:
        try:
            return process.stat().st_uid == NOBODY and str(self.home).encode() in (process / "environ").read_bytes()
        except OSError:
            return False


def _linked(source: str, target: str) -> None:
    """A second name for the same file, which takes no time; a copy where that can't be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def nobody() -> Iterator[User]:
    home = Path(tempfile.mkdtemp(prefix="lab-user-", dir="/tmp"))
    os.chown(home, NOBODY, NOBODY)
    user = User(home)
    yield user
    user.helpers("down")
    shutil.rmtree(home, ignore_errors=True)


needs_root = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root to become somebody else"
)


@needs_root
def test_an_ordinary_user_without_privileges(nobody: User) -> None:
    up = nobody.helpers("up")
    assert up.returncode == 0, up.stderr
    status = json.loads(nobody.helpers("status", "-o", "json").stdout)
    assert {os.stat(f"/proc/{pid}").st_uid for pid in status["pids"].values()} == {NOBODY}
    page = json.loads(nobody.helpers("page", "/", "--new-cart", "-o", "json").stdout)
    assert page["status"] == 200
    assert "created" in nobody.kubectl("apply", "-f", "-", stdin=DENY)
    address = nobody.kubectl("get", "service", "shippingservice", "-o", "jsonpath={.spec.clusterIP}")
    denied = nobody.kubectl(
        "exec", "deploy/adservice", "--", "/agnhost", "connect", f"{address}:50051", "--timeout=300ms"
    )
    assert denied.startswith("TIMEOUT")
    assert nobody.helpers("down").returncode == 0
    assert nobody.processes() == []
    assert not (nobody.home / "lab" / "run").exists()


@needs_root
def test_a_fork_bomb_in_a_pod(nobody: User) -> None:
    """It finds an end before its user does; the shop and new pods go on meanwhile, and it leaves nothing."""
    assert nobody.helpers("up").returncode == 0
    before = len(nobody.processes())
    with nobody.started("exec", "deploy/adservice", "--", "sh", "-c", BOMB) as bomb:
        assert bomb.stdout
        assert bomb.stdout.readline() == "no more\n"
        assert 500 < len(nobody.processes()) < 4000
        page = json.loads(nobody.helpers("page", "/", "--new-cart", "-o", "json").stdout)
        assert page["status"] == 200
        nobody.kubectl("delete", "pod", "-l", "app=emailservice")
        assert "successfully rolled out" in nobody.kubectl("rollout", "status", "deployment/emailservice")
        bomb.kill()
    until(lambda: len(nobody.processes()) <= before + 2, 30, lambda: f"{len(nobody.processes())}, {before} before")
