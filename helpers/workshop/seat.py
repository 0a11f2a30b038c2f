"""One seat on a server: its folder, its JupyterLab on a socket of its own, its lab, which ends with it."""

import contextlib
import os
import resource
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from helpers.jupyter.laying_out import lay_out
from helpers.jupyter.opening import FIRST
from helpers.jupyter.workspace import write as write_layout
from helpers.lab.home import notebooks
from helpers.localcluster.node import launch
from helpers.localcluster.node.home import Home

IDLE_STOP = "1h"
CULL_SECONDS = 1800
"""A kernel that nobody has used for so long, and that is open in no browser, is ended."""
NICE = 5
_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "SSL_CERT_FILE",
    "LD_LIBRARY_PATH",
    "COVERAGE_RUN",
)


@dataclass(frozen=True)
class Seat:
    """`place` holds everything of it; `socket` is where its JupyterLab listens; the token lets one in."""

    name: str
    place: Path
    socket: Path
    token: str

    @property
    def home(self) -> Home:
        """Its cluster's."""
        return Home(Path(os.path.realpath(self.place / "lab")))

    @property
    def path(self) -> str:
        """The path of its first page, with the token."""
        return f"/{self.name}/lab?token={self.token}"

    def prepare(self) -> None:
        """Make its folder; notebooks that are there already are somebody's work. Raises OSError."""
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lay_out(notebooks(), self.place / "notebooks")
        (self.socket.parent / self.name).mkdir(mode=0o700, exist_ok=True)
        write_layout(self.place / "jupyter" / "workspaces", FIRST, f"/{self.name}/")

    def open(self, *, board: str, memory: int) -> subprocess.Popen[bytes]:
        """Start its JupyterLab; `memory` bounds each process of it, in bytes."""
        self.socket.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-P",
            "-m",
            "jupyterlab",
            "--no-browser",
            f"--ServerApp.sock={self.socket}",
            f"--ServerApp.base_url=/{self.name}/",
            f"--ServerApp.root_dir={self.place / 'notebooks'}",
            f"--LabApp.workspaces_dir={self.place / 'jupyter' / 'workspaces'}",
            "--LabApp.default_url=/lab",
            "--ServerApp.allow_remote_access=True",
            f"--MappingKernelManager.cull_idle_timeout={CULL_SECONDS}",
            "--log-level=ERROR",
            *(["--allow-root"] if os.getuid() == 0 else []),
        ]
        with (self.place / "jupyter.log").open("wb") as log:
            return subprocess.Popen(
                command,
                env=self._variables(board),
                cwd=self.place / "notebooks",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _bound(memory),
            )

    def close(self) -> None:
        """Stop its cluster; its JupyterLab has ended."""
        with contextlib.suppress(launch.LaunchError):
            launch.down(home=self.home)
        self.socket.unlink(missing_ok=True)

    def _variables(self, board: str) -> dict[str, str]:
        """Nothing of whoever started it but what a program needs; the token in no list of processes."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        jupyter = self.place / "jupyter"
        return {
            **kept,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")]),
            "HOME": str(self.place),
            "LAB_HOME": str(self.place / "lab"),
            "LAB_NICKNAME": self.name,
            "LAB_ENDS_WITH_SERVER": "1",
            "LAB_IDLE_STOP": IDLE_STOP,
            "KUBECONFIG": str(self.place / "lab" / "kubeconfig"),
            "KUBECACHEDIR": str(self.place / "lab" / "kubecache"),
            "JUPYTER_TOKEN": self.token,
            "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
            "JUPYTER_DATA_DIR": str(jupyter / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.socket.parent / self.name),
            "JUPYTERLAB_SETTINGS_DIR": str(jupyter / "settings"),
            "IPYTHONDIR": str(jupyter / "ipython"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "OMP_NUM_THREADS": "1",
            **({"LAB_BOARD": board} if board else {}),
        }


def _bound(memory: int) -> None:
    """In the new process: whoever fills the memory gets a MemoryError, and the server stays usable."""
    os.nice(NICE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def made_token() -> str:
    """A token that nobody guesses, in letters and digits that one can type."""
    return secrets.token_hex(12)
