"""The Kubernetes API as plain dictionaries, and its errors as sentences."""

import json

import pytest
from support.scripted import CONTEXT, Scripted, asked, cluster

from helpers.lab.cluster.api import STRATEGIC, Cluster, path_of
from helpers.lab.cluster.transport import Answer
from helpers.lab.errors import ClusterError, NotFound

PODS = "/api/v1/namespaces/default/pods"


def test_paths() -> None:
    assert path_of("pods") == "/api/v1/pods"
    assert path_of("pods", "shop", "a") == "/api/v1/namespaces/shop/pods/a"
    assert path_of("namespaces", "ignored", "a") == "/api/v1/namespaces/a"
    assert path_of("flows") == "/apis/lab.hipster-shop.dev/v1/flows"


def test_a_list_gives_each_object_its_kind() -> None:
    answer = {"apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
    found = cluster({("GET", PODS): answer}).list("pods", "default")
    assert found == [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}]


def test_selectors_go_into_the_query() -> None:
    own = cluster({})
    with pytest.raises(NotFound):
        own.list("pods", "default", labels="app=a,b")
    assert asked(own)[0][1] == f"{PODS}?labelSelector=app%3Da%2Cb"


def test_patch_says_what_kind_of_patch_it_is() -> None:
    own = cluster({("PATCH", f"{PODS}/a/ephemeralcontainers"): {}})
    own.patch("pods", "a", {"spec": {}}, "default", kind=STRATEGIC, subresource="ephemeralcontainers")
    assert asked(own)[0][2:] == ({"spec": {}}, STRATEGIC)


def test_deleting_what_is_gone_is_fine_unless_it_matters() -> None:
    cluster({}).delete("pods", "a")
    with pytest.raises(NotFound):
        cluster({}).delete("pods", "a", missing_ok=False)


def test_the_api_servers_own_words_are_the_message() -> None:
    body = json.dumps({"message": 'pods "a" already exists', "reason": "AlreadyExists"}).encode()
    with pytest.raises(ClusterError, match="already exists") as caught:
        cluster({("POST", PODS): Answer(409, body)}).create("pods", {}, "default")
    assert (caught.value.status, caught.value.reason) == (409, "AlreadyExists")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]"])
def test_an_answer_that_is_no_status_object(body: bytes) -> None:
    with pytest.raises(ClusterError):
        cluster({("GET", PODS): Answer(500, body)}).list("pods", "default")


def test_missing_rights_name_the_next_step() -> None:
    with pytest.raises(ClusterError, match="more rights"):
        cluster({("GET", PODS): Answer(403, b'{"message": "pods is forbidden"}')}).list("pods", "default")


@pytest.mark.parametrize(("local", "step"), [(True, r"lab\.start\(\)"), (False, "kubectl --context test get nodes")])
def test_a_cluster_that_does_not_answer(local: bool, step: str) -> None:
    with pytest.raises(ClusterError, match=step):
        cluster({("GET", PODS): ConnectionRefusedError("refused")}, local=local).list("pods", "default")


def test_a_timeout_is_said_in_words() -> None:
    with pytest.raises(ClusterError, match="did not answer in time"):
        cluster({("GET", PODS): TimeoutError()}).list("pods", "default")


def test_close_reaches_the_transport() -> None:
    transport = Scripted({})
    Cluster(CONTEXT, transport=transport).close()
    assert transport.closed
