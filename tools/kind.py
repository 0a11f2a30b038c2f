"""A Kubernetes cluster with Calico in Docker, for the course: kind makes it, Calico's published manifests fill it.

    python tools/kind.py up | down | kubeconfig

Its kubeconfig is a file of its own in LAB_HOME, so that nobody's ~/.kube/config changes. CALICO_VERSION chooses another
release of Calico. Needs Docker and kind (https://kind.sigs.k8s.io); kubectl is the course's own.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from helpers.lab.cluster import kubectl
from helpers.lab.errors import LabError
from helpers.lab.home import home

NAME = "hipster-shop"
CONTEXT = f"kind-{NAME}"
CALICO = os.environ.get("CALICO_VERSION") or "v3.31.3"
MANIFESTS = f"https://raw.githubusercontent.com/projectcalico/calico/{CALICO}/manifests"
FILES = ("operator-crds.yaml", "tigera-operator.yaml", "custom-resources.yaml")
PATIENCE = 600.0
"""Seconds until all of Calico must run: its images are pulled first."""

# Calico brings the network, with the range of addresses that its manifests have.
CONFIG = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  disableDefaultCNI: true
  podSubnet: 192.168.0.0/16
nodes:
  - role: control-plane
  - role: worker
"""


class Trouble(Exception):
    """A sentence that names the next step."""


def kubeconfig() -> Path:
    return home() / "kind.kubeconfig"


def up() -> None:
    """Make the cluster, or find it; returns when Calico runs. Raises Trouble."""
    _check_tools()
    if NAME not in _run("kind", "get", "clusters").split():
        kubeconfig().parent.mkdir(parents=True, exist_ok=True)
        print(f"Making the kind cluster {NAME}, a minute or two", flush=True)
        _run(
            "kind", "create", "cluster", "--name", NAME, "--config", "-", "--kubeconfig", str(kubeconfig()), body=CONFIG
        )
    else:
        _run("kind", "export", "kubeconfig", "--name", NAME, "--kubeconfig", str(kubeconfig()))
    if not _calico_is_there():
        print(f"Installing Calico {CALICO}, a few minutes", flush=True)
        for file in FILES:
            _kubectl("apply", "--server-side", "--force-conflicts", "-f", f"{MANIFESTS}/{file}")
            if file == FILES[0]:
                _kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    _wait()
    print(f"The cluster is ready: KUBECONFIG={kubeconfig()} LAB_CONTEXT={CONTEXT}")


def down() -> None:
    """Remove the cluster and its kubeconfig. Raises Trouble."""
    _check_tools()
    if NAME in _run("kind", "get", "clusters").split():
        _run("kind", "delete", "cluster", "--name", NAME, "--kubeconfig", str(kubeconfig()))
        print(f"The kind cluster {NAME} is gone.")
    else:
        print(f"There is no kind cluster {NAME}.")
    kubeconfig().unlink(missing_ok=True)


def _check_tools() -> None:
    for tool, where in (("docker", "https://docs.docker.com/get-docker"), ("kind", "https://kind.sigs.k8s.io")):
        if shutil.which(tool) is None:
            raise Trouble(
                f"{tool} is not on this machine. Install it ({where}), or use the lab's own cluster: make lab"
            )
    try:
        _run("docker", "info")
    except Trouble:
        raise Trouble("Docker doesn't answer. Start it, and see that `docker info` works without sudo.") from None


def _calico_is_there() -> bool:
    try:
        _kubectl("get", "installations.operator.tigera.io", "default")
    except Trouble:
        return False
    return True


def _wait() -> None:
    """Until every node is Ready and the operator says of each part that it is available."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            _kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")
            _kubectl("wait", "--for=condition=Available", "tigerastatus", "--all", "--timeout=30s")
            return
        except Trouble as trouble:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Calico isn't ready after {PATIENCE:.0f} s: {trouble} "
                    f"Look at: kubectl --kubeconfig {kubeconfig()} get tigerastatus,pods -A"
                ) from None
            time.sleep(_PAUSE)


_PAUSE = 2.0


def _kubectl(*arguments: str) -> str:
    return _run(kubectl.executable(), "--kubeconfig", str(kubeconfig()), "--context", CONTEXT, *arguments)


def _run(*command: str, body: str = "") -> str:
    """The output of a command. Raises Trouble with its last words."""
    done = subprocess.run(command, input=body, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        name = Path(command[0]).name
        raise Trouble(f"{name} {command[1]} failed: {said[-1] if said else f'status {done.returncode}'}.")
    return done.stdout


def main(arguments: list[str]) -> int:
    commands = {"up": up, "down": down, "kubeconfig": lambda: print(kubeconfig())}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        commands[arguments[0]]()
    except (Trouble, LabError) as error:
        print(f"make kind: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nmake kind: interrupted. Run it again to go on, or remove what there is: make kind-down", file=sys.stderr
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
