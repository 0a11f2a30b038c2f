"""A namespace each on a shared cluster: made, worked in by two who don't see each other, and taken away again."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import permissions
from support.cluster import Cluster, cluster

from helpers import display, lab
from helpers.lab.cluster import kubeconfig, session
from helpers.lab.cluster.api import Cluster as Api
from helpers.lab.errors import LabError
from helpers.workshop import names, namespaces

BESIDE = ("sandbox", "tools", "monitoring")
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: of-{0}}}
spec: {{podSelector: {{matchLabels: {{app: web-{0}}}}}}}
"""
KINDS = "all,namespaces,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies,configmaps"
Sit = Callable[[str], None]


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster("--empty") as found:
        yield found


@pytest.fixture(scope="module")
def seats(own: Cluster) -> Path:
    """The folder with the files of ada and ben."""
    list_, folder = own.home / "names.txt", own.home / "seats"
    list_.write_text("# the class\nÁda\n\nBen \n", "utf-8")
    done = make(own, list_, folder)
    assert done[0] == 0, done
    return folder


def make(own: Cluster, list_: Path, folder: Path) -> tuple[int, str, str]:
    done = own.run("workshop", "namespaces", "--from", str(list_), "--to", str(folder), "--context", "hipster-lab")
    return done.returncode, done.stdout, done.stderr


def everything(own: Cluster) -> str:
    """All objects of the cluster but events, each with its version."""
    found = json.loads(own.kubectl("get", KINDS, "-A", "-o", "json"))["items"]
    return json.dumps(sorted(map(json.dumps, found)))


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seats: Path) -> Iterator[Sit]:
    """Be one of the attendees: a home of one's own, and nothing but the kubeconfig."""
    for name in ("PATH", "KUBECACHEDIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))

    def down(seat: str) -> None:
        session.use(None)
        monkeypatch.setenv("LAB_HOME", str(tmp_path / seat))
        monkeypatch.setenv("KUBECONFIG", str(seats / f"{seat}.yaml"))
        monkeypatch.setenv("LAB_CONTEXT", namespaces.CONTEXT)
        lab.start()

    yield down
    session.use(None)


def test_each_gets_namespaces_and_a_file_of_their_own(own: Cluster, seats: Path) -> None:
    files = sorted(seats.iterdir())
    assert [file.name for file in files] == ["ada.yaml", "ben.yaml"]
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    tokens = {kubeconfig.load([file]).token for file in files}
    assert len(tokens) == 2 and kubeconfig.load([files[0]]).namespace == "ada"
    there = own.kubectl("get", "namespaces", "-l", "hipster-lab/seat=ada", "-o", "name").split()
    assert sorted(there) == sorted(["namespace/ada", *(f"namespace/ada-{name}" for name in BESIDE)])


def test_doing_it_again_changes_no_object(own: Cluster, seats: Path) -> None:
    before = everything(own)
    code, said, wrong = make(own, own.home / "names.txt", seats)
    assert code == 0 and not wrong and "no quotas" in said and "ada-monitoring" in said
    assert everything(own) == before


def test_somebody_elses_namespace_is_left_alone(own: Cluster, tmp_path: Path) -> None:
    own.kubectl("create", "namespace", "dora-tools")
    (tmp_path / "names.txt").write_text("Eve\nDora\n", "utf-8")
    before = everything(own)
    code, said, wrong = make(own, tmp_path / "names.txt", tmp_path / "to")
    assert code == 1 and "dora-tools already" in wrong and not said and everything(own) == before
    own.kubectl("delete", "namespace", "dora-tools")


def test_removing_leaves_the_rest_and_ends_the_tokens(own: Cluster, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("Zoë\n", "utf-8")
    before = everything(own)
    assert make(own, tmp_path / "names.txt", tmp_path)[0] == 0
    zoe = Api(kubeconfig.load([tmp_path / "zoe.yaml"]))
    assert zoe.list("pods", "zoe") == []
    arguments = ("--remove", "--from", str(tmp_path / "names.txt"), "--to", str(tmp_path), "--context", "hipster-lab")
    done = own.run("workshop", "namespaces", *arguments)
    assert done.stdout == "Taken away: zoe.\n" and not (tmp_path / "zoe.yaml").exists()
    deadline = time.monotonic() + 10
    while everything(own) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert everything(own) == before
    with pytest.raises(LabError):
        zoe.list("pods", "zoe")
    zoe.close()


def test_two_who_dont_see_each_other(
    own: Cluster, sit: Sit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seat in ("ada", "ben"):
        own.kubectl("-n", seat, "create", "deployment", f"web-{seat}", f"--image={IMAGE}", "--", "/agnhost", "pause")
        sit(seat)
        assert f"{seat}-monitoring, {seat}-sandbox and {seat}-tools were made for you" in capsys.readouterr().out
        lab.apply(POLICY.format(seat))
    own.kubectl("label", "namespace", "ben-sandbox", "team=blue")
    assert lab.check("00-sandbox")
    assert "web-ada" not in display.graph().svg()
    with monkeypatch.context() as patch:
        sit("ada")
        assert lab.check("00-sandbox").mistake == "no-label"
        refused = permissions.enforce(patch, own, "ada")
        assert [policy.name for policy in lab.world().policies] == ["of-ada"]
        assert "web-ben" not in display.graph().svg() and "web-ada" in display.graph().svg()
        lab.reset(shop=False)
        assert not lab.world().policies and not [line for line in refused if line.startswith("DELETE")]
    assert own.kubectl("get", "networkpolicies", "-A", "-o", "name").split() == [
        "networkpolicy.networking.k8s.io/of-ben"
    ]


def test_namespaces_that_may_not_be_made_or_deleted_are_used_and_emptied(
    own: Cluster, sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit("ada")
    permissions.enforce(monkeypatch, own, "ada")
    with pytest.raises(LabError, match="forbidden"):
        lab.current().delete("namespaces", "ada-tools")
    assert lab.prove_enforcement().enforced
    own.kubectl("label", "namespace", "ada-sandbox", "team=blue")
    create = ("create", "deployment", "watcher", f"--image={IMAGE}")
    own.kubectl("-n", "ada-tools", *create, "--", "/agnhost", "pause")
    own.kubectl("-n", "ada-tools", "apply", "-f", "-", stdin=POLICY.format("ada"))
    assert lab.check("00-sandbox")
    assert "Deployment/watcher" in {pod.workload for pod in lab.world().pods}
    lab.reset(shop=False)
    assert lab.check("00-sandbox").mistake == "no-label"
    assert own.kubectl("-n", "ada-tools", "get", "deployments,networkpolicies", "-o", "name") == ""
    assert "ada-tools" in own.kubectl("get", "namespaces", "-o", "name")


def test_all_or_none_where_there_are_no_tokens(own: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api, call = Api(kubeconfig.load([own.home / "kubeconfig"])), Api.call

    def without(self: Api, method: str, path: str, **rest: object) -> dict[str, object]:
        return call(self, method, path.replace("/token", "/no-such"), **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Api, "call", without)
    monkeypatch.setattr(namespaces, "PATIENCE", 0.3)
    with pytest.raises(LabError, match="gives no tokens"):
        namespaces.make(api, "cleo", tmp_path / "cleo.yaml", days=1)
    deadline = time.monotonic() + 10
    while "cleo" in own.kubectl("get", KINDS, "-A", "-o", "name") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "cleo" not in own.kubectl("get", KINDS, "-A", "-o", "name") and not list(tmp_path.iterdir())
    api.close()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["Ada", "ÁDA"], "of line 1"),
        (["ada", "Ada Tools"], "of line 1"),
        (["王"], "no letter"),
        (["kube-system"], "cluster's own"),
        (["default"], "cluster's own"),
        (["x" * 53], "longer than 52"),
    ],
)
def test_lines_that_cant_be_namespaces_are_told(lines: list[str], said: str) -> None:
    with pytest.raises(LabError, match=said):
        names.cleaned(enumerate(lines, 1))


def test_names_become_labels_of_dns() -> None:
    found = names.cleaned(enumerate(["Zoë O'Hara", "Søren", "strauß_7", "x" * 52], 1))
    assert found == ["zoe-o-hara", "soren", "strauss-7", "x" * 52]
