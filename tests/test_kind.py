"""`make kind`: names, contexts, order and waiting, with stand-ins for docker, kind and kubectl that note their calls.

No Docker runs here: what kind and Calico themselves do isn't tested.
"""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.course import ROOT

TOOL = ROOT / "tools" / "kind.py"
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$NOTES/calls"
case "$(basename "$0") $*" in
  "kind get clusters") cat "$NOTES/clusters" ;;
  "kind create cluster"*) cat > "$NOTES/config"; echo hipster-shop > "$NOTES/clusters" ;;
  "kind delete cluster"*) : > "$NOTES/clusters" ;;
  *"get installations.operator.tigera.io"*) [ -e "$NOTES/installed" ] || { echo "not found" >&2; exit 1; } ;;
  *"custom-resources.yaml") touch "$NOTES/installed" ;;
  *"wait --for=condition=Available"*)
    echo x >> "$NOTES/waits"; [ "$(wc -l < "$NOTES/waits")" -gt 1 ] || { echo "no matching resources" >&2; exit 1; } ;;
  "docker info") [ ! -e "$NOTES/asleep" ] || { echo "Cannot connect" >&2; exit 1; } ;;
esac
"""


class Machine:
    """A machine with these tools alone."""

    def __init__(self, place: Path, *tools: str) -> None:
        self.notes, self.bin = place / "notes", place / "bin"
        self.notes.mkdir()
        self.bin.mkdir()
        (self.notes / "clusters").write_text("other\n")
        for tool in (*tools, "kubectl"):
            file = self.bin / tool
            file.write_text(STAND_IN)
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
        for tool in ("sh", "basename", "cat", "touch", "wc"):
            (self.bin / tool).symlink_to(
                Path("/bin") / tool if (Path("/bin") / tool).exists() else Path("/usr/bin") / tool
            )
        self.home = place / "home"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        program = (
            "import runpy, sys; from helpers.lab.cluster import kubectl;"
            f"kubectl.executable = lambda: {str(self.bin / 'kubectl')!r};"
            f"sys.argv = ['kind.py', {command!r}]; runpy.run_path({str(TOOL)!r}, run_name='__main__')"
        )
        kept = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "LAB_CONTEXT")}
        variables = kept | {"PATH": str(self.bin), "NOTES": str(self.notes), "LAB_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=60
        )

    @property
    def calls(self) -> list[str]:
        return (self.notes / "calls").read_text().splitlines()


def test_a_cluster_with_calico_comes_and_goes(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "docker", "kind")
    done = machine.run("up")
    assert done.returncode == 0, done.stderr
    config = machine.home / "kind.kubeconfig"
    assert f"KUBECONFIG={config} LAB_CONTEXT=kind-hipster-shop" in done.stdout
    assert "disableDefaultCNI: true" in (machine.notes / "config").read_text()
    applied = [call.rpartition("/")[2] for call in machine.calls if " apply " in call]
    assert applied == ["operator-crds.yaml", "tigera-operator.yaml", "custom-resources.yaml"]
    own = [call for call in machine.calls if call.startswith("kubectl")]
    assert own and all(f"--kubeconfig {config} --context kind-hipster-shop" in call for call in own)
    assert len((machine.notes / "waits").read_text().split()) == 2, "it waits for what isn't there yet"

    before = len(machine.calls)
    assert machine.run("up").returncode == 0
    again = machine.calls[before:]
    assert not any("create cluster" in call or " apply " in call for call in again), "it is found, and left as it is"
    assert "gone" in machine.run("down").stdout and "no kind cluster" in machine.run("down").stdout
    assert not any("other" in call for call in machine.calls)


@pytest.mark.parametrize(("tools", "missing"), [((), "docker"), (("docker",), "kind")])
def test_what_is_missing_is_said(tools: tuple[str, ...], missing: str, tmp_path: Path) -> None:
    for command in ("up", "down"):
        place = tmp_path / command
        place.mkdir()
        done = Machine(place, *tools).run(command)
        assert done.returncode == 1 and done.stderr.startswith(f"make kind: {missing} is not on this machine. Install")
        assert "Traceback" not in done.stderr


def test_a_docker_that_sleeps(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "docker", "kind")
    (machine.notes / "asleep").touch()
    done = machine.run("up")
    assert done.returncode == 1 and done.stderr.startswith("make kind: Docker doesn't answer.")
