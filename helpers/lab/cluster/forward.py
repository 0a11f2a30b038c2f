"""A kept port-forward: a port of this machine that leads, through the Kubernetes API, to a pod of a Service."""

import contextlib
import http.client
import re
import select
import subprocess
import time
from collections.abc import Callable, Sequence

from helpers.lab.cluster import kubectl
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import ClusterError

_PATIENCE = 15.0  # seconds until kubectl must have said which port it listens on

# The shell ends kubectl when its own standard input ends, as it does however this process comes to its end.
_WITH_US = '"$@" </dev/null & exec >/dev/null 2>&1; cat; kill $!; wait'


class Forward:
    """kubectl, forwarding to one pod of the Service until that pod or the connection is gone: then make a new one.

    Raises ClusterError with kubectl's own words if there is no way to a pod.
    """

    def __init__(self, context: Context, namespace: str, service: str, port: int) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", _WITH_US, "sh", *_command(context, namespace, service, port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        said = self._first_line()
        found = re.search(r"127\.0\.0\.1:(\d+) ->", said)
        if not found:
            self.close()
            words = said.strip() or "kubectl port-forward said nothing"
            raise ClusterError(f"There is no way to the Service {namespace}/{service}: {words}.")
        self.port = int(found[1])
        """The port on 127.0.0.1."""

    def answers(self, timeout: float = 5.0) -> bool:
        """Whether a page gets through: kubectl listens on after the pod is gone, and ends at the first connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", "/_healthz")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def close(self) -> None:
        """End kubectl."""
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _first_line(self) -> str:
        assert self._process.stdout
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(InterruptedError):
                if select.select([self._process.stdout], [], [], 0.2)[0]:
                    return self._process.stdout.readline()
        return ""


class KeptForward:
    """A forward that is made when it is first wanted, and kept until it breaks or is ended. For one thread at once."""

    def __init__(self, make: Callable[[], Forward]) -> None:
        self._make = make
        self.current: Forward | None = None

    @property
    def port(self) -> int:
        """The port on 127.0.0.1. Raises what making it raises."""
        if self.current is None:
            self.current = self._make()
        return self.current.port

    def mend(self) -> bool:
        """Make it anew unless it answers; whether that was done. Raises what making it raises."""
        if self.current is not None and self.current.answers():
            return False
        self.end()
        self.current = self._make()
        return True

    def end(self) -> None:
        """Leave nothing running; when it is wanted again, another one is made."""
        if self.current is not None:
            self.current.close()
            self.current = None


def _command(context: Context, namespace: str, service: str, port: int) -> Sequence[str]:
    own = [kubectl.executable(), *context.options, "--namespace", namespace]
    return [*own, "port-forward", "--address", "127.0.0.1", f"service/{service}", f":{port}"]
