"""Where a cluster keeps its things: LAB_HOME, its files and the directory of its sockets.

Imports nothing heavy: the command line reads it on every call.
"""

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "LAB_HOME"
DEFAULT = "~/.hipster-lab"

# macOS allows 103 bytes in a socket's path, Linux 107. What the lab adds below the home is
# "/run/pods/<8 hex digits>/<port>.sock", 29 bytes, and for flows of UDP a name of 12 hex digits.
LONGEST_SOCKET_PATH = 102
_BELOW_RUN = len("/pods/12345678/0af400078000")


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more."""
FREE_SPACE = "Free some disk space and run it again."
MAKE_WRITABLE = "Find out why it is (`dmesg` may tell), mount it for writing, and run it again."


class HomeError(Exception):
    """The state directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Home:
    """The paths of one cluster. Nothing is created before `prepare`."""

    root: Path

    @classmethod
    def of_environment(cls) -> "Home":
        """The home that `LAB_HOME` names, or `~/.hipster-lab`."""
        return cls(Path(os.path.abspath(os.path.expanduser(os.environ.get(VARIABLE) or DEFAULT))))

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
    def run(self) -> Path:
        """The directory of the sockets: below the home, or below the temporary directory if the home's path is long."""
        inside = self.root / "run"
        if len(os.fsencode(inside)) + _BELOW_RUN < LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:8]
        return Path(tempfile.gettempdir()) / f"lab-{os.getuid()}-{digest}"

    @property
    def pods(self) -> Path:
        """One directory of sockets a pod."""
        return self.run / "pods"

    @property
    def shop_socket(self) -> Path:
        """Where the shop answers, for a proxy of the same user."""
        return self.run / "shop.sock"

    def prepare(self) -> None:
        """Create the directories, for this user alone. Raises HomeError."""
        _private(self.root, f"Set {VARIABLE} to a directory that you may write to.")
        for path in (self.pki, self.logs, self.kubecache):
            _private(path, f"Set {VARIABLE} to a directory that you may write to.")
        for path in (self.run, self.pods):
            _private(path, "Remove it, or set TMPDIR to a directory of your own.")

    def clear_sockets(self) -> None:
        """Remove the socket directory of a node that is gone."""
        shutil.rmtree(self.run, ignore_errors=True)

    def purge(self) -> None:
        """Remove everything that a stopped cluster kept, and nothing else that may lie in the same directory."""
        self.clear_sockets()
        for path in (self.pki, self.logs, self.kubecache):
            shutil.rmtree(path, ignore_errors=True)
        journal = [self.database.with_name(self.database.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
        for path in (*journal, self.kubeconfig, self.node_json, self.node_log, self.ports_json, self.node_lock,
                     self.launch_lock):
            path.unlink(missing_ok=True)
        if self.root.is_dir() and not any(self.root.iterdir()):
            self.root.rmdir()


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file in one step, readable by its owner alone."""
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _private(path: Path, advice: str) -> None:
    """Make sure of a directory that is ours and closed to others; a symbolic link in its place is refused."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise HomeError(f"{path} is not a directory. {advice}")
        if found.st_uid != os.getuid():
            raise HomeError(f"{path} belongs to another user. {advice}")
        if found.st_mode & 0o077:
            path.chmod(0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise HomeError(f"{path} is not writable. {advice}")
    except OSError as error:
        advice = FREE_SPACE if error.errno in FULL else advice
        raise HomeError(f"{path} cannot be used: {error.strerror}. {advice}") from None
