"""What a fresh cluster holds, and what the cluster puts back when it is deleted."""

import os
import platform

from helpers.localcluster import habits
from helpers.localcluster.api.kinds import CONFIG_MAPS, NAMESPACES, NODES, SERVICE_ACCOUNTS, SERVICES
from helpers.localcluster.api.storage.store import Event, Object, Store, now
from helpers.localcluster.api.version import GIT_VERSION

NAMESPACE_NAMES = ("default", "kube-system", "kube-public", "kube-node-lease")
NODE_NAME = "lab-node"
NODE_ADDRESS = "172.20.0.2"
POD_CIDR = str(habits.here().pod_network)
API_ADDRESS = "10.96.0.1"
ROOT_CERTIFICATE = "kube-root-ca.crt"


def plant(store: Store, authority: str = "") -> None:
    """Create what isn't there yet, refresh the node, and keep the permanent objects from now on.

    Every namespace has the certificate of the API's `authority` (PEM), where pods of real clusters find it.
    """
    for name in NAMESPACE_NAMES:
        if store.get(NAMESPACES.key, None, name) is None:
            store.create(NAMESPACES.key, NAMESPACES.default(_object("v1", "Namespace", name)))
    for namespace in store.list(NAMESPACES.key):
        _account(store, namespace)
        _root_certificate(store, namespace, authority)
    _service(store)
    _node(store)
    store.subscribe(lambda event: _keep(store, event, authority))


def _keep(store: Store, event: Event, authority: str) -> None:
    name, namespace = event.object["metadata"]["name"], event.object["metadata"].get("namespace")
    if event.resource == NAMESPACES.key and event.type == "ADDED":
        _account(store, event.object)
        _root_certificate(store, event.object, authority)
    elif event.type != "DELETED":
        return
    elif event.resource == SERVICES.key and (namespace, name) == ("default", "kubernetes"):
        _service(store)
    elif event.resource == SERVICE_ACCOUNTS.key and name == "default":
        held = store.get(NAMESPACES.key, None, namespace or "")
        if held:
            _account(store, held)


def _object(version: str, kind: str, name: str, namespace: str | None = None) -> Object:
    metadata: Object = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _account(store: Store, namespace: Object) -> None:
    """The `default` ServiceAccount that every pod runs as."""
    name = namespace["metadata"]["name"]
    if namespace["metadata"].get("deletionTimestamp") or store.get(SERVICE_ACCOUNTS.key, name, "default"):
        return
    store.create(SERVICE_ACCOUNTS.key, _object("v1", "ServiceAccount", "default", name))


def _root_certificate(store: Store, namespace: Object, authority: str) -> None:
    name = namespace["metadata"]["name"]
    held = store.get(CONFIG_MAPS.key, name, ROOT_CERTIFICATE)
    if namespace["metadata"].get("deletionTimestamp") or not authority:
        return
    wanted = {**_object("v1", "ConfigMap", ROOT_CERTIFICATE, name), "data": {"ca.crt": authority}}
    if held is None:
        store.create(CONFIG_MAPS.key, wanted)
    elif held.get("data") != wanted["data"]:
        store.update(CONFIG_MAPS.key, {**held, "data": wanted["data"]})


def _service(store: Store) -> None:
    if store.get(SERVICES.key, "default", "kubernetes"):
        return
    service = _object("v1", "Service", "kubernetes", "default")
    service["metadata"]["labels"] = {"component": "apiserver", "provider": "kubernetes"}
    service["spec"] = {
        "clusterIP": API_ADDRESS,
        "clusterIPs": [API_ADDRESS],
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
    }
    store.create(SERVICES.key, SERVICES.default(service))


def _node(store: Store) -> None:
    node = _object("v1", "Node", NODE_NAME)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = platform.system().lower()
    node["metadata"]["labels"] = {
        "kubernetes.io/arch": machine,
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": system,
        "node-role.kubernetes.io/control-plane": "",
    }
    node["spec"] = {"podCIDR": POD_CIDR, "podCIDRs": [POD_CIDR]}
    held = store.get(NODES.key, None, NODE_NAME)
    if held is None:
        store.create(NODES.key, node)
    elif held["spec"].get("podCIDR") != POD_CIDR:
        store.update(NODES.key, {**held, "spec": {**held["spec"], **node["spec"]}})
    store.update_status(NODES.key, None, NODE_NAME, _node_status(system, machine))


def _node_status(system: str, machine: str) -> Object:
    size = {"cpu": str(os.cpu_count() or 1), "memory": _memory(), "pods": "1110"}
    started = now()
    return {
        "capacity": size,
        "allocatable": size,
        "addresses": [
            {"type": "InternalIP", "address": NODE_ADDRESS},
            {"type": "Hostname", "address": NODE_NAME},
        ],
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "KubeletReady",
                "message": "the lab's kubelet is running",
                "lastHeartbeatTime": started,
                "lastTransitionTime": started,
            }
        ],
        "nodeInfo": {
            "architecture": machine,
            "bootID": "",
            "containerRuntimeVersion": "process://1",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": GIT_VERSION,
            "machineID": "",
            "operatingSystem": system,
            "osImage": f"{platform.system()} (processes of your own)",
            "systemUUID": "",
        },
    }


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 1024}Ki"
    except (ValueError, OSError):
        return "0"
