"""Start and stop the cluster: `up`, `down`, `status`.

Runs in the learner's process, so it imports little, and waits on descriptors
rather than by asking again and again. One cluster a home; whoever starts or
stops it holds a lock meanwhile, and the node holds another for its whole life.
"""

import contextlib
import errno
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from helpers.localcluster import habits
from helpers.localcluster.node import lifetime
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.private import FREE_SPACE, FULL, MAKE_WRITABLE, HomeError
from helpers.localcluster.node.processes import MARK, Lock, holder, kill, of_cluster, wait_gone
from helpers.localcluster.node.status import Status, node_facts, read

START_SECONDS = 30.0
READY_SECONDS = 60.0
STOP_SECONDS = 5.0
# The node gets what a process needs, and none of the secrets that a shell or a notebook may hold.
_KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    *lifetime.VARIABLES,
    *habits.VARIABLES,
)


class LaunchError(Exception):
    """The cluster could not be started or stopped; the text says why and what to do next."""


def up(*, empty: bool = False, seconds: float = READY_SECONDS, home: Home | None = None) -> Status:
    """Start the cluster if it doesn't run, with the shop unless `empty`; returns when all pods are Ready.

    Raises LaunchError.
    """
    home = home or Home.of_environment()
    try:
        lifetime.Lifetime.of(os.environ)
        habits.Habits.of(os.environ)
    except ValueError as error:
        raise LaunchError(str(error)) from None
    with _told(home), Lock(home.launch_lock) as lock:
        home.prepare()
        if not lock.take(START_SECONDS):
            raise LaunchError(
                f"Another `up` or `down` has been busy with {home.root} for {START_SECONDS:.0f} seconds. "
                f"Wait for it, or end process {holder(home.launch_lock)}."
            )
        starting = None if _runs(home) else _spawn(home)
        _deploy(home, starting, empty, seconds)
    return read(home)


def down(*, purge: bool = False, home: Home | None = None) -> bool:
    """Stop the cluster: no process, socket or port is left. What it knows is kept for the next `up`, or purged.

    Returns whether one ran. Raises LaunchError.
    """
    home = home or Home.of_environment()
    with _told(home):
        home.check()
    if not home.is_claimed:
        return False
    with _told(home), Lock(home.launch_lock) as lock:
        if not lock.take(START_SECONDS):
            raise LaunchError(f"Another `up` or `down` is busy with {home.root}. Wait for it and try again.")
        ran = _stop(home)
        _sweep(home)
        if purge:
            home.purge()
    return ran


def status(home: Home | None = None) -> Status:
    """The cluster as it is now; `running` is False if there is none."""
    return read(home or Home.of_environment())


@contextlib.contextmanager
def _told(home: Home) -> Iterator[None]:
    """A home that can't be used and a disk that takes no more are told as LaunchError."""
    try:
        yield
    except HomeError as error:
        raise LaunchError(str(error)) from None
    except OSError as error:
        if error.errno == errno.EROFS:
            raise LaunchError(f"The disk of {home.root} is read-only. {MAKE_WRITABLE}") from None
        if error.errno in FULL:
            raise LaunchError(f"The disk of {home.root} is full. {FREE_SPACE}") from None
        raise LaunchError(f"{error.filename or home.root} cannot be used: {error.strerror}.") from None


def _runs(home: Home) -> bool:
    """Whether a node is up. One that is still starting for somebody else, or hangs, is not waited for: it is ended."""
    if holder(home.node_lock) is not None and node_facts(home) is not None:
        return True
    _stop(home)
    _sweep(home)
    home.prepare()
    return False


def _spawn(home: Home) -> IO[bytes]:
    """Start the node's process; returns the pipe on which it says that it is ready, or why not."""
    import helpers

    reading, writing = os.pipe()
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    found_at = [str(Path(helpers.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**kept, MARK: str(home.run), "PYTHONPATH": os.pathsep.join(filter(None, found_at))}
    log = os.open(home.node_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.fchmod(log, 0o600)
        subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.localcluster.node", str(home.root), str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            env=environment,
            cwd=home.root,
            start_new_session=True,
            umask=0o077,
            # It outlives this process on purpose: nobody waits for it.
        ).returncode = 0
    except OSError as error:
        os.close(reading)
        raise LaunchError(f"The node's process could not be started: {error.strerror}.") from None
    finally:
        os.close(log)
        os.close(writing)
    return os.fdopen(reading, "rb")


def _deploy(home: Home, starting: IO[bytes] | None, empty: bool, seconds: float) -> None:
    """Wait for the node, create the shop, wait for the pods. What can be imported meanwhile is."""
    from helpers.localcluster.node import deploy
    from helpers.localcluster.node.client import ApiProblem, Client

    objects = [] if empty else deploy.manifest()
    if starting is not None:
        with starting:
            try:
                _await_ready(home, starting)
            except LaunchError:
                _stop(home)
                _sweep(home)
                raise
    facts = node_facts(home)
    if facts is None:
        raise LaunchError(f"The node has ended.{_tail(home)}")
    port = facts["api_port"]
    wanted = {
        (item["metadata"].get("namespace", "default"), item["metadata"]["name"])
        for item in objects
        if item["kind"] == "Deployment"
    }
    try:
        with Client.of(home, port) as client:
            deploy.create(client, objects)
        deploy.wait_ready(lambda: Client.of(home, port), wanted | {("kube-system", "coredns")}, seconds)
    except deploy.NotReady as error:
        raise LaunchError(
            f"{error}\nLook at `kubectl describe pod` and `kubectl logs` of these pods; mend their "
            "Deployments and run `up` again."
        ) from None
    except ApiProblem as error:
        raise LaunchError(f"The cluster refused the shop: {error}") from None
    except OSError as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else error
        raise LaunchError(
            f"The cluster stopped answering ({why}). Start it afresh: `python -m helpers down`, then `up`.{_tail(home)}"
        ) from None


def _await_ready(home: Home, pipe: IO[bytes]) -> None:
    """Block until the node reports. Raises LaunchError with its reason."""
    readable, _, _ = select.select([pipe], [], [], START_SECONDS)
    if not readable:
        raise LaunchError(f"The node was not ready after {START_SECONDS:.0f} seconds and was stopped.{_tail(home)}")
    report = pipe.readline()
    if not report:
        raise LaunchError(f"The node ended while it started.{_tail(home)}")
    problem = json.loads(report).get("error")
    if problem:
        raise LaunchError(f"{problem}{_tail(home) if 'node.log' in problem else ''}")


def _stop(home: Home) -> bool:
    """Ask the node to end, and see to it; whether there was one."""
    pid = holder(home.node_lock)
    if pid is None:
        return False
    import signal

    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    except PermissionError:
        raise LaunchError(f"The cluster in {home.root} belongs to another user.") from None
    if not wait_gone(pid, STOP_SECONDS):
        kill([pid])
    return True


def _sweep(home: Home) -> None:
    """Remove what a node that was killed may have left: processes, sockets, its description."""
    deadline = time.monotonic() + STOP_SECONDS
    while left := of_cluster(home.run):
        kill(left)
        if time.monotonic() > deadline:
            raise LaunchError(f"Processes {', '.join(map(str, left))} of the cluster can't be ended.")
    home.clear_sockets()
    try:
        home.node_json.unlink(missing_ok=True)
    except OSError as error:
        if error.errno != errno.EROFS:  # then it stays, and says nothing: no node holds its lock
            raise


def _tail(home: Home, lines: int = 5) -> str:
    """The end of the node's log, for an error message."""
    try:
        text = home.node_log.read_text("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        text = []
    return "\n  ".join([f" The end of {home.node_log}:", *text]) if text else ""
