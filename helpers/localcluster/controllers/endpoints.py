"""EndpointSlices: which pods stand behind a Service, and on which of their ports."""

from collections.abc import Iterable, Iterator

from helpers.localcluster.api.kinds import ENDPOINT_SLICES, PODS, SERVICES
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.controllers.owners import Owners, owner_reference
from helpers.localcluster.controllers.podmaking import ready_since
from helpers.localcluster.controllers.queue import Key

MANAGER = "endpointslice-controller.k8s.io"
SERVICE_LABEL = "kubernetes.io/service-name"
Ports = tuple[tuple[str, int, str], ...]  # name, pod port, protocol


class EndpointSlices:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == SERVICES.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == PODS.key:
            yield from self._services_of(event)
        elif event.resource == ENDPOINT_SLICES.key and event.type == "DELETED":
            metadata = event.object["metadata"]
            name = (metadata.get("labels") or {}).get(SERVICE_LABEL)
            if name:
                yield Key(metadata["namespace"], name)

    def _services_of(self, event: Event) -> Iterator[Key]:
        versions = [pod for pod in (event.object, event.previous) if pod is not None]
        for service in self._store.list(SERVICES.key, event.object["metadata"]["namespace"]):
            if any(_selects(service, pod) for pod in versions):
                yield Key(service["metadata"]["namespace"], service["metadata"]["name"])

    def reconcile(self, key: Key) -> None:
        service = self._store.get(SERVICES.key, *key)
        if service is None or not service["spec"].get("selector"):
            return
        wanted = self._groups(service)
        slices = self._owners.managed(service, ENDPOINT_SLICES.key)
        for ports, endpoints in wanted.items():
            held = next((item for item in slices if _ports_of(item) == ports), None) or next(
                (item for item in slices if _ports_of(item) not in wanted), None
            )
            slices = [item for item in slices if item is not held]
            self._publish(service, held, ports, endpoints)
        for item in slices:
            self._store.delete(ENDPOINT_SLICES.key, key.namespace, item["metadata"]["name"])

    def _groups(self, service: Object) -> dict[Ports, list[Object]]:
        """Endpoints by the ports that they resolve to: a named targetPort may differ from pod to pod."""
        groups: dict[Ports, list[Object]] = {}
        for pod in self._store.list(PODS.key, service["metadata"]["namespace"]):
            if _selects(service, pod) and _addressable(pod):
                groups.setdefault(tuple(_resolve(service, pod)), []).append(_endpoint(service, pod))
        for endpoints in groups.values():
            endpoints.sort(key=lambda item: str(item["targetRef"]["name"]))
        return groups or {(): []}

    def _publish(self, service: Object, held: Object | None, ports: Ports, endpoints: list[Object]) -> None:
        body = {
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [{"name": name, "port": port, "protocol": protocol} for name, port, protocol in ports],
        }
        if held is not None:
            self._store.update(ENDPOINT_SLICES.key, {**held, **body})
            return
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        labels = {**(service["metadata"].get("labels") or {}), SERVICE_LABEL: name}
        metadata = {
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": {**labels, "endpointslice.kubernetes.io/managed-by": MANAGER},
            "ownerReferences": [owner_reference(service)],
        }
        made = {"apiVersion": ENDPOINT_SLICES.group_version, "kind": ENDPOINT_SLICES.kind, "metadata": metadata, **body}
        self._store.create(ENDPOINT_SLICES.key, made)


def _selects(service: Object, pod: Object) -> bool:
    wanted = service["spec"].get("selector")
    return bool(wanted) and wanted.items() <= (pod["metadata"].get("labels") or {}).items()


def _addressable(pod: Object) -> bool:
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def _resolve(service: Object, pod: Object) -> Iterator[tuple[str, int, str]]:
    """The Service's ports as this pod serves them; a name that the pod doesn't declare is left out."""
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named(pod, target, protocol)
        if number is not None:
            yield port.get("name", ""), number, protocol


def _named(pod: Object, name: str, protocol: str) -> int | None:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def _endpoint(service: Object, pod: Object) -> Object:
    metadata = pod["metadata"]
    terminating = bool(metadata.get("deletionTimestamp"))
    serving = ready_since(pod) is not None or bool(service["spec"].get("publishNotReadyAddresses"))
    conditions = {"ready": serving and not terminating, "serving": serving, "terminating": terminating}
    named = {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    hostname, subdomain = pod["spec"].get("hostname"), pod["spec"].get("subdomain")
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": conditions,
        **({"hostname": hostname} if hostname and subdomain == service["metadata"]["name"] else {}),
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": named,
    }


def _ports_of(item: Object) -> Ports:
    return tuple((port.get("name", ""), port["port"], port.get("protocol", "TCP")) for port in item.get("ports") or ())
