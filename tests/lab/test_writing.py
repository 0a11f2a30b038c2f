"""Nothing but the course's is ever written: one module of tests for every way to write."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from support.cluster import Cluster, cluster
from support.course import INGRESS

from helpers import display, lab
from helpers.lab.cluster import session
from helpers.lab.course import magic
from helpers.lab.errors import LabError

THEIRS = """
apiVersion: v1
kind: Namespace
metadata: {name: theirs}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: theirs}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: before, namespace: learner-7}
spec: {podSelector: {matchLabels: {app: nobody}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: tools}
"""


def policy(name: str, **metadata: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, **metadata},
        "spec": {"podSelector": {"matchLabels": {"app": "shippingservice"}}},
    }


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster("--empty") as found:
        found.kubectl("create", "namespace", "learner-7")
        found.kubectl("apply", "-f", "-", stdin=THEIRS)
        yield found


@pytest.fixture(autouse=True)
def seat(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A seat in the namespace learner-7; what others have is the same afterwards, byte by byte."""
    for name in ("PATH", "KUBECONFIG", "KUBECACHEDIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("LAB_HOME", str(own.home))
    monkeypatch.setenv("LAB_NAMESPACE", "learner-7")
    session.use(None)
    lab.start()
    before = strangers(own)
    yield
    lab.delete_policies()
    assert strangers(own) == before
    session.use(None)


def strangers(own: Cluster) -> str:
    kinds = "networkpolicies,deployments,services,pods,serviceaccounts"
    spaces = own.kubectl("get", "namespaces", "theirs", "tools", "default", "-o", "json")
    found = [own.kubectl("get", kinds, "-n", name, "-o", "json") for name in ("theirs", "tools", "default")]
    return "\n".join([spaces, *found, own.kubectl("get", "networkpolicy", "before", "-n", "learner-7", "-o", "json")])


def names() -> list[str]:
    return sorted(item["metadata"]["name"] for item in lab.current().list("networkpolicies", "learner-7"))


REFUSED = {
    "another namespace": [policy("a"), policy("closed", namespace="theirs")],
    "default": [policy("a"), policy("b", namespace="default")],
    "a namespace of that name is somebody else's": [policy("a"), policy("b", namespace="tools-of-theirs")],
    "what was there before": [policy("a"), policy("before")],
    "the whole cluster": [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "x"}}
    ],
    "somebody's namespace": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs", "labels": {"a": "b"}}}
    ],
}


@pytest.mark.parametrize("what", REFUSED)
def test_apply_refuses_what_is_not_the_courses_before_it_writes_anything(what: str) -> None:
    with pytest.raises(LabError, match=r"isn't the course's|before the course came"):
        lab.apply(REFUSED[what])
    assert names() == ["before"]


@pytest.mark.parametrize(
    "line", ["apply -f -", "apply -n theirs -f -", "create --namespace=theirs -f -", "delete -f -"]
)
def test_a_cell_refuses_it_too(line: str) -> None:
    shell = InteractiveShell.instance()
    magic.load(shell)
    import yaml

    text = yaml.safe_dump(policy("closed", namespace="theirs"))
    with pytest.raises(LabError, match="isn't the course's"):
        magic.kubectl(f"{line} -f -", text)
    InteractiveShell.clear_instance()


def test_of_several_all_or_none() -> None:
    wrong = policy("c")
    wrong["spec"]["ingress"] = [{"ports": [{"port": 70000}]}]
    with pytest.raises(LabError, match="70000"):
        lab.apply([policy("a"), policy("b"), wrong])
    assert names() == ["before"], "the rehearsal found it"


def test_what_fails_in_between_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.lab.cluster import writing

    lab.apply([policy("a")])
    changed = policy("a") | {"spec": {"podSelector": {}}}

    monkeypatch.setattr(lab.current(), "delete", _failing(lab.current().delete, "learner-7"))
    with pytest.raises(LabError, match="Taken back: NetworkPolicy a and NetworkPolicy b"):
        writing.change(lab.current(), _yaml(changed, policy("b")), delete=[("learner-7", "absent")])
    assert names() == ["a", "before"]
    assert lab.current().get("networkpolicies", "a")["spec"]["podSelector"] == policy("a")["spec"]["podSelector"]


def _failing(delete: Any, namespace: str) -> Any:
    """A cluster's `delete` that fails at its first call."""
    from helpers.lab.errors import ClusterError

    calls: list[str] = []

    def called(resource: str, name: str, *rest: Any, **options: Any) -> None:
        calls.append(name)
        if len(calls) == 1:
            raise ClusterError("the connection was lost", status=0)
        delete(resource, name, *rest, **options)

    return called


def _yaml(*objects: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump_all(objects))


def test_the_workbench_shows_others_policies_and_leaves_them_alone() -> None:
    lab.apply([policy("a")])
    bench = display.workbench(_yaml(policy("b")))
    shown = repr(bench)
    assert "name: a" in shown and "closed" not in shown and "before" not in shown
    bench.bench.apply()
    assert names() == ["a", "b", "before"]
    bench.bench.take_back()
    for sheet in bench.bench.draft.sheets:
        bench.bench.remove(sheet.id)
    bench.bench.apply()
    assert names() == ["before"]


def test_reset_names_what_stays(capsys: pytest.CaptureFixture[str]) -> None:
    lab.reset("policies/ingress", shop=False)
    assert len(names()) == 1 + len([*INGRESS.glob("*.yaml")])
    said = capsys.readouterr().out
    assert "1 policy from before stays" in said and "before" in said and "namespace of your own" in said


def test_the_command_line_works_there(own: Cluster) -> None:
    done = subprocess.run([sys.executable, "-m", "helpers", "graph", "-o", "dot"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_file_names_no_namespace() -> None:
    for file in (Path(__file__).parents[2] / "notebooks/policies").rglob("*.yaml"):
        assert "namespace: " not in file.read_text().replace("kubernetes.io/metadata.name", ""), file
