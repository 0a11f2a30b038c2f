"""Where a cluster keeps its things: LAB_HOME, its files and the directory of its sockets.

Imports nothing heavy: the command line reads it on every call.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.localcluster.node.private import (
    FREE_SPACE,
    FULL,
    HomeError,
    check_files,
    check_free,
    claim,
    close_directory,
    is_claimed,
    recorded,
    release,
    remove_files,
    short_directory,
    write_private,
)

VARIABLE = "LAB_HOME"
DEFAULT = "~/.hipster-lab"

# macOS allows 103 bytes in a socket's path, Linux 107. What the lab adds below the home is
# "/run/pods/<8 hex digits>/<port>.sock", 29 bytes, and for flows of UDP a name of 12 hex digits.
LONGEST_SOCKET_PATH = 102
_BELOW_RUN = len("/pods/12345678/0af400078000")
_MAY_WRITE = f"Set {VARIABLE} to a directory that you may write to."
_ELSEWHERE = "Remove it, or set TMPDIR to a directory of your own."


@dataclass(frozen=True)
class Home:
    """The paths of one cluster. Nothing is created before `prepare`."""

    root: Path

    @classmethod
    def of_environment(cls) -> "Home":
        """The home that `LAB_HOME` names, or `~/.hipster-lab`. A link means the folder that it leads to."""
        return cls(Path(os.path.realpath(os.path.expanduser(os.environ.get(VARIABLE) or DEFAULT))))

    @property
    def database(self) -> Path:
        return self.root / "state.db"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def kubecache(self) -> Path:
        return self.root / "kubecache"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def node_json(self) -> Path:
        """What the running node says about itself; written when it is ready, removed when it stops."""
        return self.root / "node.json"

    @property
    def node_log(self) -> Path:
        return self.root / "node.log"

    @property
    def node_lock(self) -> Path:
        """Locked by the node for as long as it lives: the one truth about whether one runs."""
        return self.root / "node.lock"

    @property
    def launch_lock(self) -> Path:
        """Locked by whoever starts or stops the cluster."""
        return self.root / "launch.lock"

    @property
    def ports_json(self) -> Path:
        """The ports of the last start, asked for again at the next so that addresses stay the same."""
        return self.root / "ports.json"

    @property
    def run_path(self) -> Path:
        """Where it is written which directory takes the sockets of a home with a long path."""
        return self.root / "run-path"

    @property
    def run(self) -> Path:
        """The directory of the sockets: below the home, or where `prepare` made one if the home's path is long."""
        return self._inside if self._is_short else recorded(self.run_path) or self._inside

    @property
    def _inside(self) -> Path:
        return self.root / "run"

    @property
    def _is_short(self) -> bool:
        return len(os.fsencode(self._inside)) + _BELOW_RUN < LONGEST_SOCKET_PATH

    @property
    def pods(self) -> Path:
        """One directory of sockets a pod."""
        return self.run / "pods"

    @property
    def shop_socket(self) -> Path:
        """Where the shop answers, for a proxy of the same user."""
        return self.run / "shop.sock"

    @property
    def _databases(self) -> list[Path]:
        return [self.database.with_name(self.database.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]

    @property
    def _files(self) -> tuple[Path, ...]:
        return (
            *self._databases,
            self.kubeconfig,
            self.node_json,
            self.node_log,
            self.ports_json,
            self.run_path,
            self.node_lock,
            self.launch_lock,
        )

    @property
    def is_claimed(self) -> bool:
        """Whether the lab keeps this folder already."""
        return is_claimed(self.root)

    def check(self) -> None:
        """Look whether the lab may use this folder, and change nothing. Raises HomeError."""
        with _told(self.root, _MAY_WRITE):
            check_free(self.root)

    def prepare(self) -> None:
        """Create the directories, for this user alone; a folder that holds other things is left alone.

        Raises HomeError.
        """
        with _told(self.root, _MAY_WRITE):
            claim(self.root, _MAY_WRITE)
            check_files(*self._files)
            for path in (self.pki, self.logs, self.kubecache):
                close_directory(path, _MAY_WRITE)
        self.choose_run()
        with _told(self.run, _ELSEWHERE):
            for path in (self.run, self.pods):
                close_directory(path, _ELSEWHERE)

    def choose_run(self) -> None:
        """Settle where the sockets of this home are, once and for all. Raises HomeError."""
        if not self._is_short:
            with _told(self.run_path, _ELSEWHERE):
                claim(self.root, _ELSEWHERE)
                short_directory(self.run_path, LONGEST_SOCKET_PATH - _BELOW_RUN - 1)

    def write(self, name: str, content: str) -> None:
        """Replace one of the home's files in one step, readable by its owner alone. Raises HomeError."""
        with _told(self.root / name, _MAY_WRITE):
            claim(self.root, _MAY_WRITE)
            check_files(self.root / name)
            write_private(self.root / name, content)

    def folder(self, name: str) -> Path:
        """A folder of this user's in the home, made if need be. Raises HomeError."""
        with _told(self.root / name, _MAY_WRITE):
            claim(self.root, _MAY_WRITE)
            close_directory(self.root / name, _MAY_WRITE)
        return self.root / name

    def clear_sockets(self) -> None:
        """Remove the socket directory of a node that is gone."""
        shutil.rmtree(self.run, ignore_errors=True)

    def purge(self) -> None:
        """Remove everything that a stopped cluster kept, and nothing else that may lie in the same directory."""
        self.clear_sockets()
        for path in (self.pki, self.logs, self.kubecache):
            shutil.rmtree(path, ignore_errors=True)
        remove_files(*self._files)
        release(self.root)


@contextlib.contextmanager
def _told(path: Path, advice: str) -> Iterator[None]:
    """Tell what the system refuses as HomeError."""
    try:
        yield
    except OSError as error:
        advice = FREE_SPACE if error.errno in FULL else advice
        raise HomeError(f"{error.filename or path} cannot be used: {error.strerror}. {advice}") from None
