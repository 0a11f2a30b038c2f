"""What writes accept, refuse and fill in; deletion; restarts."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from .conftest import Cluster
from .habits import POLICY

Object = dict[str, Any]
BASE = "/api/v1/namespaces/default"
PODS, SERVICES, MAPS = (f"{BASE}/{plural}" for plural in ("pods", "services", "configmaps"))
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
SELECTOR = {"matchLabels": {"app": "web"}}


def pod(**spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"containers": [container()], **spec}}


def container(**fields: Any) -> Object:
    return {"name": "main", "image": "nginx:1", **fields}


def deployment(labels: Object | None = None, **spec: Any) -> Object:
    template = {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": [container()]}}
    return {"metadata": {"name": "web"}, "spec": {"selector": SELECTOR, "template": template, **spec}}


def service(**spec: Any) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], **spec}}


def causes(cluster: Cluster, path: str, body: Object) -> list[str]:
    """What is wrong with the object, as `field: message`."""
    status, answer = cluster.request("POST", path, body)
    assert status == 422, answer
    return [f"{cause['field']}: {cause['message']}" for cause in answer["details"]["causes"]]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (PODS, {"metadata": {"name": "web"}}, "spec.containers: Required value"),
        (PODS, pod(containers=[]), "spec.containers: Required value"),
        (PODS, pod(containers=[{"name": "a"}]), "spec.containers[0].image: Required value"),
        (PODS, pod(containers=[container(name="A_b")]), "spec.containers[0].name: Invalid value"),
        (PODS, pod(containers=[container(), container()]), 'spec.containers[1].name: Duplicate value: "main"'),
        (PODS, pod(containers=[container(image=" x")]), "leading or trailing whitespace"),
        (PODS, pod(restartPolicy="Sometimes"), "spec.restartPolicy: Unsupported value"),
        (PODS, pod(containers=[container(ports=[{"containerPort": 0}])]), "ports[0].containerPort: Invalid value: 0"),
        (
            PODS,
            pod(containers=[container(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}])]),
            "ports[1].name: Duplicate",
        ),
        (PODS, pod(containers=[container(readinessProbe={})]), "must specify a handler type"),
        (
            PODS,
            pod(containers=[container(livenessProbe={"grpc": {"port": 1}, "tcpSocket": {"port": 1}})]),
            "may not specify more than 1 handler type",
        ),
        (PODS, pod(containers=[container(env=[{"name": "a=b"}])]), "env[0].name: Invalid value"),
        (
            PODS,
            pod(containers=[container(volumeMounts=[{"name": "v", "mountPath": "/v"}])]),
            'volumeMounts[0].name: Not found: "v"',
        ),
        (PODS, pod(ephemeralContainers=[container(name="e")]), "can only be added to a running pod"),
        (PODS, pod(terminationGracePeriodSeconds=-1), "spec.terminationGracePeriodSeconds: Invalid value: -1"),
        (
            PODS,
            {"metadata": {"name": "web", "labels": {"a b": "c"}}, "spec": pod()["spec"]},
            "metadata.labels: Invalid",
        ),
        (
            PODS,
            {"metadata": {"name": "web", "labels": {"a": "c d"}}, "spec": pod()["spec"]},
            "metadata.labels: Invalid",
        ),
        (DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": {}}, "spec.selector: Required value"),
        (DEPLOYMENTS, deployment({"app": "other"}), "`selector` does not match template `labels`"),
        (DEPLOYMENTS, deployment(selector={}), "empty selector is invalid"),
        (DEPLOYMENTS, deployment(replicas=-1), "spec.replicas: Invalid value: -1"),
        (DEPLOYMENTS, deployment(strategy={"type": "Odd"}), "spec.strategy.type: Unsupported value"),
        (
            DEPLOYMENTS,
            deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}),
            "may not be 0 when `maxSurge` is 0",
        ),
        (DEPLOYMENTS, deployment(strategy={"rollingUpdate": {"maxSurge": "many"}}), "must be a number from 0"),
        (
            DEPLOYMENTS,
            deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
            "may not be specified when strategy `type` is 'Recreate'",
        ),
        (SERVICES, service(ports=[]), "spec.ports: Required value"),
        (SERVICES, service(ports=[{"port": 1}, {"port": 2}]), "spec.ports[0].name: Required value"),
        (SERVICES, service(ports=[{"port": 70000}]), "spec.ports[0].port: Invalid value: 70000"),
        (SERVICES, service(ports=[{"port": 1, "targetPort": "8080"}]), "must contain at least one letter"),
        (
            SERVICES,
            service(ports=[{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]),
            "spec.ports[1]: Duplicate value",
        ),
        (SERVICES, service(type="Odd"), "spec.type: Unsupported value"),
        (SERVICES, service(type="ExternalName"), "spec.externalName: Required value"),
        (SERVICES, service(clusterIP="10.0.0.1"), "not in the valid range"),
        (SERVICES, service(clusterIP="10.96.0.1"), "provided IP is already allocated"),
        (SERVICES, service(clusterIP="x"), "must be a valid IPv4 address"),
        (SERVICES, service(type="NodePort", ports=[{"port": 1, "nodePort": 80}]), "must be between 30000 and 32767"),
        (SERVICES, {"metadata": {"name": "1web"}, "spec": service()["spec"]}, "must be a DNS label"),
        (MAPS, {"metadata": {"name": "c"}, "data": {"a/b": "c"}}, "data[a/b]: Invalid value"),
        (MAPS, {"metadata": {"name": "c"}, "data": {"..": "c"}}, "data[..]: Invalid value"),
        (MAPS, {"metadata": {"name": "c"}, "data": {"a": "x" * (1 << 20) + "y"}}, "data: Too long"),
        (f"{BASE}/secrets", {"metadata": {"name": "s"}, "data": {"a": "!"}}, "must be base64"),
        ("/api/v1/namespaces", {"metadata": {"name": "a.b"}}, "must be a DNS label"),
        (MAPS, {"metadata": {}}, ""),
    ],
)
def test_what_is_refused(cluster: Cluster, path: str, body: Object, said: str) -> None:
    if not said:
        assert cluster.request("POST", path, body)[0] == 400
        return
    assert any(said in cause for cause in causes(cluster, path, body))


def test_all_errors_are_told_at_once(cluster: Cluster) -> None:
    said = cluster.kubectl(
        "apply", "-f", "-", stdin=POLICY.replace("port: 80", "port: 0").replace("[Ingress]", "[Both]"), code=1
    )
    assert "spec.ingress[0].ports[0].port: Invalid value: 0" in said
    assert 'spec.policyTypes[0]: Unsupported value: "Both"' in said


@pytest.mark.parametrize(
    ("kind", "path", "body", "change", "said"),
    [
        (
            "selector",
            DEPLOYMENTS,
            deployment(),
            {"spec": {"selector": {"matchLabels": {"x": "y"}}}},
            "field is immutable",
        ),
        ("address", SERVICES, service(), {"spec": {"clusterIP": "10.96.9.9"}}, "may not change once set"),
        ("pod", PODS, pod(), {"spec": {"restartPolicy": "Never"}}, "changed: restartPolicy"),
        (
            "immutable",
            MAPS,
            {"metadata": {"name": "web"}, "immutable": True},
            {"data": {"a": "b"}},
            "field is immutable",
        ),
        ("name", MAPS, {"metadata": {"name": "web"}}, {"metadata": {"name": "other"}}, "does not match the name"),
        (
            "namespace",
            MAPS,
            {"metadata": {"name": "web"}},
            {"metadata": {"namespace": "x"}},
            "does not match the namespace",
        ),
        ("uid", MAPS, {"metadata": {"name": "web"}}, {"metadata": {"uid": "x"}}, "UID in precondition: x"),
    ],
)
def test_what_cannot_change(cluster: Cluster, kind: str, path: str, body: Object, change: Object, said: str) -> None:
    assert cluster.request("POST", path, body)[0] == 201
    status, answer = cluster.request("PATCH", f"{path}/web", change, "application/merge-patch+json")
    assert status in (400, 409, 422)
    assert said in answer["message"]


def test_what_can_change(cluster: Cluster) -> None:
    cluster.request("POST", PODS, pod())
    change = {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}
    kind = "application/strategic-merge-patch+json"
    assert cluster.request("PATCH", f"{PODS}/web", change, kind)[0] == 200


def test_protected_fields_are_the_server_s(cluster: Cluster) -> None:
    theirs = {"uid": "x", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 9, "resourceVersion": "5"}
    body = deployment()
    body["metadata"] |= {**theirs, "deletionTimestamp": "2000-01-01T00:00:00Z"}
    body["status"] = {"replicas": 7}
    status, made = cluster.request("POST", DEPLOYMENTS, body)
    assert status == 201
    assert all(made["metadata"].get(name) != value for name, value in theirs.items())
    assert "deletionTimestamp" not in made["metadata"] and "status" not in made
    _, changed = cluster.request(
        "PUT", f"{DEPLOYMENTS}/web/status", {**made, "spec": {}, "status": {"replicas": 3}, "metadata": {"name": "web"}}
    )
    assert (changed["spec"], changed["status"]) == (made["spec"], {"replicas": 3})


def test_a_service_keeps_its_address_and_ports(cluster: Cluster) -> None:
    _, made = cluster.request("POST", SERVICES, service(type="NodePort"))
    address, port = made["spec"]["clusterIP"], made["spec"]["ports"][0]["nodePort"]
    assert made["spec"]["clusterIPs"] == [address] and 30000 <= port < 32768
    _, again = cluster.request("PUT", f"{SERVICES}/web", {"metadata": {"name": "web"}, "spec": made["spec"]})
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    _, plain = cluster.request("PUT", f"{SERVICES}/web", service(type="ClusterIP"))
    assert plain["spec"]["clusterIP"] == address and "nodePort" not in plain["spec"]["ports"][0]
    other = {"metadata": {"name": "other"}, "spec": {"ports": [{"port": 1}]}}
    assert cluster.request("POST", SERVICES, other)[1]["spec"]["clusterIP"] != address
    headless = {"metadata": {"name": "headless"}, "spec": {"clusterIP": "None"}}
    assert cluster.request("POST", SERVICES, headless)[1]["spec"]["clusterIPs"] == ["None"]


def test_two_writers_of_one_object(cluster: Cluster) -> None:
    """Both read, both write: one wins, the other is told, and nothing is lost."""
    _, made = cluster.request("POST", MAPS, {"metadata": {"name": "c"}, "data": {}})
    answers: list[int] = []

    def write(number: int) -> None:
        answers.append(cluster.request("PUT", f"{MAPS}/c", {**made, "data": {"by": str(number)}})[0])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409, 409]


def test_namespaces_that_are_not_there_or_going(cluster: Cluster) -> None:
    path = "/api/v1/namespaces/team/configmaps"
    status, answer = cluster.request("POST", path, {"metadata": {"name": "c"}})
    assert (status, answer["message"]) == (404, 'namespaces "team" not found')
    _, made = cluster.request("POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    assert cluster.request("GET", "/api/v1/namespaces/team/serviceaccounts/default")[0] == 200
    going = {**made, "metadata": {**made["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}

    def ask_while_it_goes() -> None:
        cluster.store.update("namespaces", going)

    cluster.call(cluster._controllers.stop)
    cluster.call(ask_while_it_goes)
    status, answer = cluster.request("POST", path, {"metadata": {"name": "c"}})
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert "because it is being terminated" in answer["message"]
    assert cluster.request("POST", MAPS, {"metadata": {"name": "c", "namespace": "other"}})[0] == 400


def test_an_unknown_service_account_is_told(cluster: Cluster) -> None:
    status, answer = cluster.request("POST", PODS, pod(serviceAccountName="nobody"))
    assert (status, 'serviceaccount "nobody" not found' in answer["message"]) == (403, True)


# -- deletion -------------------------------------------------------------------


def test_preconditions_of_a_deletion(cluster: Cluster) -> None:
    cluster.request("POST", MAPS, {"metadata": {"name": "c"}})
    for wrong in ({"uid": "x"}, {"resourceVersion": "1"}):
        status, answer = cluster.request("DELETE", f"{MAPS}/c", {"preconditions": wrong})
        assert (status, answer["reason"]) == (409, "Conflict")
    assert cluster.request("DELETE", f"{MAPS}/c", {"propagationPolicy": "Odd"})[0] == 400
    assert cluster.request("DELETE", f"{MAPS}/c?dryRun=All")[0] == 200
    assert cluster.request("GET", f"{MAPS}/c")[0] == 200


def test_a_finalizer_holds_an_object(cluster: Cluster) -> None:
    cluster.request("POST", MAPS, {"metadata": {"name": "c", "finalizers": ["example.com/hold"]}})
    _, held = cluster.request("DELETE", f"{MAPS}/c")
    assert held["metadata"]["deletionTimestamp"]
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    assert cluster.request("PATCH", f"{MAPS}/c", more, "application/merge-patch+json")[0] == 422
    strange = {"metadata": {"name": "d", "finalizers": ["hold", "orphan"]}}
    _, answer = cluster.request("POST", MAPS, strange)
    assert "neither a standard finalizer name nor is it fully qualified" in answer["message"]
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["metadata.finalizers[0]"]
    none = {"metadata": {"finalizers": None}}
    assert cluster.request("PATCH", f"{MAPS}/c", none, "application/merge-patch+json")[0] == 200
    assert cluster.request("GET", f"{MAPS}/c")[0] == 404


def test_a_running_pod_gets_time_to_end(cluster: Cluster) -> None:
    cluster.node._serve = lambda namespace, name: None  # type: ignore[method-assign]
    cluster.request("POST", PODS, pod())
    bound = pod(nodeName="lab-node")
    cluster.call(
        lambda: cluster.store.update("pods", {**cluster.store.get("pods", "default", "web"), "spec": bound["spec"]})  # type: ignore[dict-item]
    )
    _, first = cluster.request("DELETE", f"{PODS}/web", {"gracePeriodSeconds": 20})
    assert first["metadata"]["deletionGracePeriodSeconds"] == 20
    _, longer = cluster.request("DELETE", f"{PODS}/web?gracePeriodSeconds=25")
    assert longer["metadata"]["deletionGracePeriodSeconds"] == 20
    _, shorter = cluster.request("DELETE", f"{PODS}/web?gracePeriodSeconds=1")
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 1
    assert cluster.request("DELETE", f"{PODS}/web?gracePeriodSeconds=0")[0] == 200
    assert cluster.request("GET", f"{PODS}/web")[0] == 404


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease"])
def test_namespaces_that_the_lab_stands_on_stay(cluster: Cluster, name: str) -> None:
    assert cluster.request("DELETE", f"/api/v1/namespaces/{name}")[0] == 403


def test_the_node_and_its_service_stay(cluster: Cluster) -> None:
    assert cluster.request("DELETE", "/api/v1/nodes/lab-node")[0] == 403
    assert cluster.request("POST", "/api/v1/nodes", {"metadata": {"name": "second"}})[0] == 405
    cluster.kubectl("delete", "service", "--all")
    cluster.kubectl("delete", "serviceaccount", "--all")
    _, found = cluster.request("GET", f"{SERVICES}/kubernetes")
    assert found["spec"]["clusterIP"] == "10.96.0.1"
    assert cluster.request("GET", f"{BASE}/serviceaccounts/default")[0] == 200


# -- restarts -------------------------------------------------------------------


def test_what_was_accepted_survives(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=POLICY)
    before = cluster.request("GET", "/apis/networking.k8s.io/v1/networkpolicies")[1]["items"]
    namespaces = cluster.request("GET", "/api/v1/namespaces")[1]["items"]
    cluster.restart()
    assert cluster.request("GET", "/apis/networking.k8s.io/v1/networkpolicies")[1]["items"] == before
    assert cluster.request("GET", "/api/v1/namespaces")[1]["items"] == namespaces
    assert "unchanged" in cluster.kubectl("apply", "-f", "-", stdin=POLICY)


def test_a_write_that_is_not_on_disk_is_no_success(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from helpers.localcluster.api.storage import journal

    def full(*_: Any) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    revision = 0
    while revision != (revision := cluster.store.revision):  # what the controllers write at the start
        cluster.run(cluster.store.durable())
        time.sleep(0.2)
    with monkeypatch.context() as patched:
        patched.setattr(journal, "RETRY_SECONDS", 0.05)
        patched.setattr(journal.Journal, "_commit", full)
        status, answer = cluster.request("POST", MAPS, {"metadata": {"name": "c"}})
        assert (status, "not safe on disk" in answer["message"]) == (500, True)
        status, answer = cluster.request("POST", MAPS, {"metadata": {"name": "d"}})
        assert (status, "free some disk space" in answer["message"]) == (503, True)
        assert cluster.request("GET", MAPS)[0] == 200
    deadline = time.monotonic() + 10
    while cluster.call(lambda: cluster.store.problem):  # a try that failed may be on its way still
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert cluster.request("POST", MAPS, {"metadata": {"name": "d"}})[0] == 201


# -- policies of earlier versions ---------------------------------------------------


def test_a_block_that_was_taken_once_may_stay_and_no_other_comes(cluster: Cluster) -> None:
    key, path = "networkpolicies.networking.k8s.io", "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    block = {"cidr": "10.0.0.1/8", "except": ["10.1.0.1/16"]}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": block}]}]}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "old", "namespace": "default"},
        "spec": spec,
    }
    status, answer = cluster.request("POST", path, policy)
    assert status == 422
    fields = [cause["field"] for cause in answer["details"]["causes"]]
    assert fields == ["spec.ingress[0].from[0].ipBlock.cidr", "spec.ingress[0].from[0].ipBlock.except[0]"]
    cluster.call(lambda: cluster.store.create(key, policy))
    merge = "application/merge-patch+json"
    assert cluster.request("PATCH", f"{path}/old", {"metadata": {"labels": {"a": "b"}}}, merge)[0] == 200
    other = {"spec": {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.2/8"}}]}]}}
    assert cluster.request("PATCH", f"{path}/old", other, merge)[0] == 422
    no_protocol = {**policy, "metadata": {"name": "new"}, "spec": {"ingress": [{"ports": [{"protocol": ""}]}]}}
    status, answer = cluster.request("POST", path, no_protocol)
    assert status == 422 and 'Unsupported value: ""' in answer["message"]
