"""Endpoints, told from a Service's slices for whoever still reads them; and slices from Endpoints that people write."""

from collections.abc import Iterable

from helpers.localcluster.api.kinds import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.controllers.endpoints import MANAGER, SERVICE_LABEL
from helpers.localcluster.controllers.owners import Owners, owner_reference
from helpers.localcluster.controllers.queue import Key

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MIRROR = "endpointslicemirroring-controller.k8s.io"


class EndpointsLists:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        metadata = event.object["metadata"]
        if event.resource in (SERVICES.key, ENDPOINTS.key):
            yield Key(metadata["namespace"], metadata["name"])
        elif event.resource == ENDPOINT_SLICES.key:
            name = (metadata.get("labels") or {}).get(SERVICE_LABEL)
            if name and (metadata.get("labels") or {}).get(MANAGED_BY) == MANAGER:
                yield Key(metadata["namespace"], name)

    def reconcile(self, key: Key) -> None:
        service, held = self._store.get(SERVICES.key, *key), self._store.get(ENDPOINTS.key, *key)
        if service is not None and service["spec"].get("selector"):
            self._tell(service, held)
        elif held is not None:
            self._mirror(service, held)

    def _tell(self, service: Object, held: Object | None) -> None:
        slices = self._owners.managed(service, ENDPOINT_SLICES.key)
        subsets = [subset for item in slices if (subset := _subset(item))]
        if held is not None:
            if (held.get("subsets") or []) != subsets:
                kept = {name: value for name, value in held.items() if name != "subsets"}
                self._store.update(ENDPOINTS.key, {**kept, **({"subsets": subsets} if subsets else {})})
            return
        if not slices:  # not told yet which pods there are
            return
        given = service["metadata"]
        metadata = {
            "name": given["name"],
            "namespace": given["namespace"],
            "labels": {**(given.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            "ownerReferences": [owner_reference(service)],
        }
        made = {"apiVersion": "v1", "kind": ENDPOINTS.kind, "metadata": metadata}
        self._store.create(ENDPOINTS.key, {**made, **({"subsets": subsets} if subsets else {})})

    def _mirror(self, service: Object | None, held: Object) -> None:
        """Slices for Endpoints of a Service that selects nothing: what the dataplane reads."""
        slices = self._owners.managed(held, ENDPOINT_SLICES.key)
        wanted = [_slice(held, subset) for subset in held.get("subsets") or ()] if service is not None else []
        for number, body in enumerate(wanted):
            if number < len(slices):
                self._store.update(ENDPOINT_SLICES.key, {**slices[number], **body})
                continue
            given = held["metadata"]
            metadata = {
                "generateName": f"{given['name']}-",
                "namespace": given["namespace"],
                "labels": {SERVICE_LABEL: given["name"], MANAGED_BY: MIRROR},
                "ownerReferences": [owner_reference(held)],
            }
            made = {"apiVersion": ENDPOINT_SLICES.group_version, "kind": ENDPOINT_SLICES.kind, "metadata": metadata}
            self._store.create(ENDPOINT_SLICES.key, {**made, **body})
        for item in slices[len(wanted) :]:
            self._store.delete(ENDPOINT_SLICES.key, item["metadata"]["namespace"], item["metadata"]["name"])


def _subset(item: Object) -> Object:
    """A slice as a subset; empty where it has no addresses."""
    ready, unready = [], []
    for endpoint in item.get("endpoints") or ():
        address = {"ip": endpoint["addresses"][0], "nodeName": endpoint.get("nodeName"),
                   "targetRef": endpoint.get("targetRef")}  # fmt: skip
        known = {name: value for name, value in address.items() if value}
        conditions = endpoint.get("conditions") or {}
        if conditions.get("ready"):
            ready.append(known)
        elif not conditions.get("terminating"):
            unready.append(known)
    if not ready and not unready:
        return {}
    ports = [{name: value for name, value in port.items() if value} for port in item.get("ports") or ()]
    parts = {"addresses": ready, "notReadyAddresses": unready, "ports": ports}
    return {name: value for name, value in parts.items() if value}


def _slice(held: Object, subset: Object) -> Object:
    endpoints = [
        {"addresses": [address["ip"]], "conditions": {"ready": ready},
         **{name: address[name] for name in ("nodeName", "targetRef") if address.get(name)}}
        for field, ready in (("addresses", True), ("notReadyAddresses", False))
        for address in subset.get(field) or ()
    ]  # fmt: skip
    ports = [{"name": port.get("name", ""), "port": port["port"], "protocol": port.get("protocol", "TCP")}
             for port in subset.get("ports") or ()]  # fmt: skip
    return {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
