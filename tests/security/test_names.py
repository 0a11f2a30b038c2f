"""Names that would lead out of the cluster's directories are refused before they become part of a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.cluster import Cluster
from support.writer import Api

EVIL = (
    "../../escaped",
    "..",
    ".",
    "/tmp/escaped",
    "a/../../escaped",
    "a\0b",
    "a\nb",
    "..%2fescaped",
    "ESCAPED",
    "a" * 300,
    "\u202eescaped",
)
PODS = "/api/v1/namespaces/default/pods"


def pod(name: str = "escape", container: str = "web", **metadata: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": container, "image": "registry.k8s.io/pause:3.10"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


@pytest.fixture(autouse=True)
def nothing_escapes(lab: Cluster) -> Any:
    before = {path.name for path in lab.home.iterdir()}
    yield
    assert {path.name for path in lab.home.iterdir()} == before
    above = [path for directory in (lab.home, lab.home.parent, Path("/")) for path in directory.glob("*escaped*")]
    assert not above


@pytest.mark.parametrize("name", EVIL, ids=lambda name: repr(name[:20]))
def test_names_of_objects_and_containers(api: Api, name: str) -> None:
    bodies = [pod(name), pod(container=name), pod("", generateName=name)]
    for body in bodies[:2] if len(name) > 100 else bodies:  # a long generateName is cut, as in Kubernetes
        code, answer = api.refusal("POST", PODS, body)
        assert code in (400, 422) and answer["kind"] == "Status", answer
    for path, kind in (("/api/v1/namespaces", "Namespace"), ("/api/v1/namespaces/default/secrets", "Secret")):
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
        assert api.refusal("POST", path, body)[0] in (400, 422)


@pytest.mark.parametrize("name", EVIL, ids=lambda name: repr(name[:20]))
def test_names_in_addresses(api: Api, name: str) -> None:
    quoted = quote(name, safe="")
    for path in (
        f"{PODS}/{quoted}",
        f"/api/v1/namespaces/{quoted}/pods/keeper",
        f"{PODS}/{quoted}/log",
        f"/api/v1/namespaces/{quoted}/pods/keeper/log",
        f"/apis/{quoted}/v1/pods",
        f"/{quoted}",
    ):
        assert api.refusal("GET", path)[0] in (400, 404), path


@pytest.mark.parametrize("name", EVIL, ids=lambda name: repr(name[:20]))
@pytest.mark.parametrize("subresource", ["log", "exec", "attach"])
def test_names_of_containers_in_streams(api: Api, subresource: str, name: str) -> None:
    code, answer = api.refusal("GET", f"{PODS}/keeper/{subresource}?command=id&container={quote(name)}")
    assert code in (400, 404) and answer["status"] == "Failure"


def test_a_client_cannot_choose_what_becomes_a_directory(lab: Cluster, api: Api) -> None:
    """A pod's uid names its directories, and how often it was restarted its log: the cluster says both."""
    made = api.request("POST", PODS, pod(uid="../../escaped"))
    assert "/" not in made["metadata"]["uid"]
    status = {"containerStatuses": [{"name": "web", "restartCount": "../../escaped"}]}
    api.refusal("PATCH", f"{PODS}/escape/status", {"status": status})
    assert api.refusal("GET", f"{PODS}/escape/log?previous=true")[0] in (200, 400)
    changed = {**made, "metadata": {**made["metadata"], "uid": "../../escaped"}}
    assert api.refusal("PUT", f"{PODS}/escape", changed)[0] == 409
    ephemeral = {"name": "../../escaped", "image": "registry.k8s.io/pause:3.10"}
    held = api.request("GET", f"{PODS}/escape")
    held["spec"]["ephemeralContainers"] = [ephemeral]
    assert api.refusal("PUT", f"{PODS}/escape/ephemeralcontainers", held)[0] == 422
    api.request("DELETE", f"{PODS}/escape?gracePeriodSeconds=0")


def test_the_longest_name_that_is_allowed(lab: Cluster, api: Api) -> None:
    """Longer than a file's name may be, once namespace and uid are added."""
    name = "a" * 253
    api.request("POST", PODS, pod(name))
    try:
        lab.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=10s")
        assert lab.kubectl("logs", name) == ""
        assert lab.kubectl("exec", name, "--", "echo", "here") == "here\n"
    finally:
        lab.kubectl("delete", "pod", name)


def test_only_regular_files_below_the_home_are_made(lab: Cluster) -> None:
    """No symbolic link that somebody could follow elsewhere."""
    assert not [path for path in lab.home.rglob("*") if path.is_symlink()]
