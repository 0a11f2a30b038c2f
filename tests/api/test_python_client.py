"""The official Python client does what the habits do."""

from __future__ import annotations

import contextlib
import gc
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client, dynamic, stream, watch
from kubernetes.client import ApiException

from helpers.localcluster.node import certificates as pki

from . import table
from .conftest import Cluster
from .habits import HABITS, POD, POLICY, Habit


class Apis:
    """One object for all the client's APIs."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.core = client.CoreV1Api(connection)
        self.apps = client.AppsV1Api(connection)
        self.networking = client.NetworkingV1Api(connection)
        self.discovery = client.DiscoveryV1Api(connection)
        self.custom = client.CustomObjectsApi(connection)
        self.reviews = client.AuthorizationV1Api(connection)
        self.version = client.VersionApi(connection)


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory, credentials: pki.Credentials, page: int) -> Iterator[Apis]:
    cluster = Cluster(tmp_path_factory.mktemp("python"), credentials)
    cluster.start()
    cluster.node.ports = {80: page}
    cluster.call(cluster.node.flow_log.add)
    with cluster.python() as connection:
        yield Apis(connection)
    cluster.stop()


def deployment(name: str = "web") -> Any:
    labels = {"app": name}
    container = client.V1Container(name="main", image="nginx:1", ports=[client.V1ContainerPort(container_port=80)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template)
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name, labels=labels), spec=spec)


def wait_until(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + 10
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def ready_pods(apis: Apis, selector: str) -> list[Any]:
    pods = apis.core.list_namespaced_pod("default", label_selector=selector).items
    return [pod for pod in pods if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or [])]


# -- one function a habit; the name of the call is what the table shows ---------


def create_namespace(apis: Apis) -> None:
    made = apis.core.create_namespace({"metadata": {"name": "team"}})
    assert made.metadata.labels["kubernetes.io/metadata.name"] == "team"


def create_namespaced_deployment(apis: Apis) -> None:
    made = apis.apps.create_namespaced_deployment("default", deployment())
    assert made.spec.strategy.rolling_update.max_surge == "25%"
    wait_until(lambda: len(ready_pods(apis, "app=web")) == 2)


def create_namespaced_config_map(apis: Apis) -> None:
    assert apis.core.create_namespaced_config_map("default", {"metadata": {"name": "c"}, "data": {"a": "b"}}).data


def create_namespaced_secret(apis: Apis) -> None:
    body = {"metadata": {"name": "s"}, "stringData": {"key": "value"}}
    assert apis.core.create_namespaced_secret("default", body).data == {"key": "dmFsdWU="}


def create_namespaced_service(apis: Apis) -> None:
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    made = apis.core.create_namespaced_service("default", body)
    assert made.spec.cluster_ip.startswith("10.96.")
    assert made.spec.ports[0].target_port == 80


def create_namespaced_pod(apis: Apis) -> None:
    apis.core.create_namespaced_pod("default", yaml.safe_load(POD))
    wait_until(lambda: ready_pods(apis, "app=lone"))


def list_namespaced_pod(apis: Apis) -> None:
    assert {pod.metadata.labels["app"] for pod in apis.core.list_namespaced_pod("default").items} == {"web", "lone"}


def list_by_label(apis: Apis) -> None:
    assert len(apis.core.list_namespaced_pod("default", label_selector="app=web").items) == 2


def list_by_field(apis: Apis) -> None:
    assert len(apis.core.list_namespaced_pod("default", field_selector="status.phase=Running").items) == 3


def list_pod_for_all_namespaces(apis: Apis) -> None:
    assert len(apis.core.list_pod_for_all_namespaces().items) == 3


def list_in_pages(apis: Apis) -> None:
    first = apis.core.list_namespaced_pod("default", limit=2)
    assert (len(first.items), first.metadata.remaining_item_count) == (2, 1)
    rest = apis.core.list_namespaced_pod("default", limit=2, _continue=first.metadata._continue)
    assert len(rest.items) == 1


def watch_pods(apis: Apis) -> None:
    seen = watch.Watch()
    names = set()
    for event in seen.stream(apis.core.list_namespaced_pod, "default", timeout_seconds=5):
        names.add(event["object"].metadata.name)
        if len(names) == 3:
            seen.stop()


def list_cluster_custom_object(apis: Apis) -> None:
    flows = apis.custom.list_cluster_custom_object("lab.hipster-shop.dev", "v1", "flows")
    assert flows["items"][0]["verdict"] == "denied"


def read_missing(apis: Apis) -> None:
    with pytest.raises(ApiException) as refusal:
        apis.core.read_namespaced_pod("nosuch", "default")
    assert refusal.value.status == 404


def create_namespaced_network_policy(apis: Apis) -> None:
    made = apis.networking.create_namespaced_network_policy("default", yaml.safe_load(POLICY))
    assert made.spec.ingress[0].ports[0].protocol == "TCP"


def create_invalid(apis: Apis) -> None:
    body = yaml.safe_load(POLICY.replace("80", "70000").replace("name: web", "name: wrong"))
    with pytest.raises(ApiException) as refusal:
        apis.networking.create_namespaced_network_policy("default", body)
    assert refusal.value.status == 422
    assert "must be between 1 and 65535" in refusal.value.body


def replace_namespaced_network_policy(apis: Apis) -> None:
    held = apis.networking.read_namespaced_network_policy("web", "default")
    held.spec.ingress = []
    apis.networking.replace_namespaced_network_policy("web", "default", held)
    held.metadata.resource_version = "1"
    with pytest.raises(ApiException) as refusal:
        apis.networking.replace_namespaced_network_policy("web", "default", held)
    assert refusal.value.status == 409


def patch_namespaced_deployment(apis: Apis) -> None:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}}}
    container = apis.apps.patch_namespaced_deployment("web", "default", body).spec.template.spec.containers[0]
    assert (container.image, container.ports[0].container_port) == ("nginx:2", 80)


def patch_with_operations(apis: Apis) -> None:
    body = [{"op": "add", "path": "/metadata/labels/seen", "value": "yes"}]
    patched = apis.networking.patch_namespaced_network_policy("web", "default", body)
    assert patched.metadata.labels["seen"] == "yes"


def patch_namespaced_deployment_scale(apis: Apis) -> None:
    scale = apis.apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 1}})
    assert scale.spec.replicas == 1
    wait_until(lambda: len(apis.core.list_namespaced_pod("default", label_selector="app=web").items) == 1)


def read_namespaced_pod_log(apis: Apis) -> None:
    assert apis.core.read_namespaced_pod_log("lone", "default", tail_lines=1) == "line 9\n"


def exec_command(apis: Apis) -> None:
    call = apis.core.connect_get_namespaced_pod_exec
    streams = {"stdout": True, "stderr": True, "stdin": False, "tty": False}
    assert stream.stream(call, "lone", "default", command=["echo", "hello"], **streams) == "hello\n"


def exec_exit_code(apis: Apis) -> None:
    session = stream.stream(
        apis.core.connect_get_namespaced_pod_exec,
        "lone",
        "default",
        command=["exit", "7"],
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    session.run_forever(timeout=10)
    assert session.returncode == 7


def exec_stdin(apis: Apis) -> None:
    session = stream.stream(
        apis.core.connect_get_namespaced_pod_exec,
        "lone",
        "default",
        command=["cat"],
        stdin=True,
        stdout=True,
        _preload_content=False,
    )
    session.write_stdin("hello\n")
    assert session.readline_stdout(timeout=10) == "hello"
    session.close()


def forward_port(apis: Apis) -> None:
    forward = stream.portforward(apis.core.connect_get_namespaced_pod_portforward, "lone", "default", ports="80")
    with contextlib.closing(forward.socket(80)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := connection.recv(1000):
            answer += piece
    assert answer.endswith(b"hello")
    refused = stream.portforward(apis.core.connect_get_namespaced_pod_portforward, "lone", "default", ports="9")
    with contextlib.closing(refused.socket(9)) as connection:
        assert connection.recv(1000) == b""
    assert "connection refused" in refused.error(9)


def patch_namespaced_pod_ephemeralcontainers(apis: Apis) -> None:
    body = {"spec": {"ephemeralContainers": [{"name": "probe", "image": "agnhost", "command": ["connect", "web:80"]}]}}
    apis.core.patch_namespaced_pod_ephemeralcontainers("lone", "default", body)
    pod = wait_until(lambda: apis.core.read_namespaced_pod("lone", "default"))
    assert pod.spec.ephemeral_containers[0].name == "probe"


def create_self_subject_access_review(apis: Apis) -> None:
    body = {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods"}}}
    assert apis.reviews.create_self_subject_access_review(body).status.allowed


def get_code(apis: Apis) -> None:
    assert apis.version.get_code().git_version == "v1.37.1+lab"


def dynamic_client(apis: Apis) -> None:
    pods = dynamic.DynamicClient(apis.connection).resources.get(api_version="v1", kind="Pod")
    assert pods.get(namespace="default", name="lone").metadata.name == "lone"


def delete_namespaced_service(apis: Apis) -> None:
    apis.core.delete_namespaced_service("web", "default")


def delete_collection_namespaced_pod(apis: Apis) -> None:
    apis.core.delete_collection_namespaced_pod("default", label_selector="app=lone")
    wait_until(lambda: not apis.core.list_namespaced_pod("default", label_selector="app=lone").items)


def delete_with_orphans(apis: Apis) -> None:
    apis.apps.delete_namespaced_deployment("web", "default", propagation_policy="Orphan")
    assert apis.apps.list_namespaced_replica_set("default").items[0].metadata.owner_references is None


def delete_namespace(apis: Apis) -> None:
    apis.core.delete_namespace("team")
    wait_until(lambda: "team" not in [item.metadata.name for item in apis.core.list_namespace().items])


def server_side_apply(apis: Apis) -> None:
    with pytest.raises(ApiException) as refusal:
        dynamic.DynamicClient(apis.connection).resources.get(api_version="v1", kind="ConfigMap").server_side_apply(
            body={"metadata": {"name": "c"}}, namespace="default", field_manager="me"
        )
    assert refusal.value.status == 405


# habit → (the call in the table, the function)
CALLS: dict[str, tuple[str, Callable[[Apis], None]]] = {
    "create namespace team": ("create_namespace", create_namespace),
    "create deployment web --image=nginx:1 --port=80 --replicas=2": (
        "create_namespaced_deployment",
        create_namespaced_deployment,
    ),
    "create configmap settings --from-literal=color=blue": (
        "create_namespaced_config_map",
        create_namespaced_config_map,
    ),
    "create secret generic password --from-literal=key=value": (
        "create_namespaced_secret",
        create_namespaced_secret,
    ),
    "create service clusterip plain --tcp=80:8080": ("create_namespaced_service", create_namespaced_service),
    "create -f -": ("create_namespaced_pod", create_namespaced_pod),
    "get pods": ("list_namespaced_pod", list_namespaced_pod),
    "get pods -l app=client": ("list_namespaced_pod(label_selector=…)", list_by_label),
    "get pods --field-selector=status.phase=Running": ("list_namespaced_pod(field_selector=…)", list_by_field),
    "get pods -A": ("list_pod_for_all_namespaces", list_pod_for_all_namespaces),
    "get pods -w": ("watch.Watch().stream", watch_pods),
    "get pods --chunk-size=1": ("list_namespaced_pod(limit=…)", list_in_pages),
    "get flows": ("list_cluster_custom_object", list_cluster_custom_object),
    "get pod nosuch": ("read_namespaced_pod", read_missing),
    "apply -f -": ("create_namespaced_network_policy", create_namespaced_network_policy),
    "apply, invalid policy": ("create_namespaced_network_policy", create_invalid),
    "replace -f -": ("replace_namespaced_network_policy", replace_namespaced_network_policy),
    "patch (strategic)": ("patch_namespaced_deployment", patch_namespaced_deployment),
    "patch --type=json": ("patch_namespaced_network_policy([…])", patch_with_operations),
    "scale deployment web --replicas=3": ("patch_namespaced_deployment_scale", patch_namespaced_deployment_scale),
    "api-resources": ("DynamicClient", dynamic_client),
    "version": ("VersionApi.get_code", get_code),
    "auth can-i create networkpolicies": ("create_self_subject_access_review", create_self_subject_access_review),
    "logs lone --tail=1": ("read_namespaced_pod_log(tail_lines=1)", read_namespaced_pod_log),
    "exec lone -- echo hello": ("stream.stream", exec_command),
    "exec -i lone -- cat": ("stream.stream(stdin=True)", exec_stdin),
    "exec lone -- sh -c 'exit 7'": ("stream.stream(…).returncode", exec_exit_code),
    "port-forward pod/lone :80": ("stream.portforward", forward_port),
    "debug (ephemeral container)": (
        "patch_namespaced_pod_ephemeralcontainers",
        patch_namespaced_pod_ephemeralcontainers,
    ),
    "delete service plain": ("delete_namespaced_service", delete_namespaced_service),
    "delete pods -l app=client": ("delete_collection_namespaced_pod", delete_collection_namespaced_pod),
    "delete deployment web --cascade=orphan": (
        "delete_namespaced_deployment(propagation_policy='Orphan')",
        delete_with_orphans,
    ),
    "delete namespace team": ("delete_namespace", delete_namespace),
    "apply --server-side -f -": ("server_side_apply", server_side_apply),
}
table.expected[table.PYTHON] = set(CALLS)
BY_TITLE: dict[str, Habit] = {habit.title: habit for habit in HABITS}


@pytest.fixture
def quiet_collection() -> Iterator[None]:
    """The client's WebSocket class leaves its socket to the collector when the server has closed."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("quiet_collection")
@pytest.mark.parametrize("title", CALLS)
def test_habit(apis: Apis, title: str) -> None:
    call, do = CALLS[title]
    do(apis)
    table.record(BY_TITLE[title], table.PYTHON, call)
