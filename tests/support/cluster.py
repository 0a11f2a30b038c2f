"""A lab cluster of one's own, driven as a person would: by the command line and kubectl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


class Cluster:
    """One cluster in its own LAB_HOME. `status` is what `up` left; `refresh` reads it again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.status: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        cluster = {"LAB_HOME": str(self.home), "KUBECONFIG": str(self.home / "kubeconfig")}
        return {**os.environ, **cluster, "KUBECACHEDIR": str(self.home / "kubecache")}

    def run(self, *arguments: str, timeout: float = 60, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """`python -m helpers ARGUMENTS`, whatever its exit status."""
        return self._execute([sys.executable, "-m", "helpers", *arguments], timeout, stdin)

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60, check: bool = True) -> str:
        """kubectl's standard output; a failure raises with what it said, unless `check` is off."""
        done = self.try_kubectl(*arguments, stdin=stdin, timeout=timeout)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def try_kubectl(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        assert KUBECTL, "kubectl is not installed"
        return self._execute([KUBECTL, *arguments], timeout, stdin)

    def _execute(self, command: list[str], timeout: float, stdin: str | None) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(command, env=self.environment, timeout=timeout, text=True, capture_output=True, **given)

    def up(self, *arguments: str) -> None:
        done = self.run("up", *arguments, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        self.refresh()

    def down(self, *arguments: str) -> None:
        done = self.run("down", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def refresh(self) -> dict[str, Any]:
        done = self.run("status", "-o", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        self.status = json.loads(done.stdout)
        return self.status

    def page(self, path: str, *arguments: str) -> dict[str, Any]:
        """`python -m helpers page PATH -o json`: status, seconds, error."""
        done = self.run("page", path, "-o", "json", *arguments)
        assert done.stdout, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def processes(self) -> dict[int, str]:
        """Every process on this machine that belongs to this LAB_HOME, as pid → command line (Linux)."""
        return dict(processes_of(self.home))


def processes_of(home: Path) -> Iterator[tuple[int, str]]:
    """Processes whose environment or command line names the LAB_HOME, or that work inside it."""
    marker = str(home).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            known = marker in command or marker in (entry / "environ").read_bytes()
            zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            inside = os.readlink(entry / "cwd").startswith(str(home))
        except OSError:
            continue
        if (known or inside) and not zombie:
            yield int(entry.name), command.replace(b"\0", b" ").decode(errors="replace").strip()


@contextmanager
def cluster(*arguments: str, prefix: str = "lab-") -> Iterator[Cluster]:
    """A fresh cluster, up with the shop unless `arguments` say otherwise; gone afterwards, its files too."""
    home = Path(tempfile.mkdtemp(prefix=prefix))
    own = Cluster(home)
    try:
        own.up(*arguments)
        yield own
    finally:
        own.run("down")
        shutil.rmtree(home, ignore_errors=True)
