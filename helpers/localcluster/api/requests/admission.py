"""What has to be true of the rest of the cluster before an object comes in, and what comes in with it."""

from helpers.localcluster.api import addresses, errors
from helpers.localcluster.api.kinds import (
    CUSTOM_RESOURCE_DEFINITIONS,
    JOBS,
    NAMESPACES,
    PODS,
    RESOURCES,
    SERVICE_ACCOUNTS,
    SERVICES,
)
from helpers.localcluster.api.kinds.jobs import with_selector
from helpers.localcluster.api.kinds.services import TYPES
from helpers.localcluster.api.requests import podsecurity
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.storage.store import Object, Store


def place(store: Store, resource: Resource, obj: Object, namespace: str | None) -> Object:
    """The object with the request's namespace. Raises ApiError when that doesn't fit or isn't there."""
    metadata = obj["metadata"]
    if not resource.namespaced:
        return {**obj, "metadata": {name: metadata[name] for name in metadata if name != "namespace"}}
    given = metadata.get("namespace")
    if given and given != namespace:
        raise errors.bad_request(
            f"the namespace of the provided object ({given}) does not match the namespace of the request ({namespace})"
        )
    held = store.get(NAMESPACES.key, None, namespace or "")
    if held is None:
        raise errors.not_found(NAMESPACES, namespace or "")
    if held["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        raise errors.forbidden(resource, metadata.get("name", ""), why)
    return {**obj, "metadata": {**metadata, "namespace": namespace}}


def admit(store: Store, resource: Resource, new: Object, old: Object | None) -> Object:
    """The object with what the cluster adds: addresses for Services. Raises ApiError."""
    if resource is SERVICES and new["spec"].get("type") in TYPES:
        return addresses.allocate(store, new, old)
    if resource is JOBS and old is None:
        return with_selector(new)
    if resource is CUSTOM_RESOURCE_DEFINITIONS and new["metadata"]["name"] in RESOURCES:
        raise errors.forbidden(resource, new["metadata"]["name"], "the cluster serves this kind by itself")
    if resource is PODS and old is None:
        _check_account(store, resource, new)
        check_security(store, new)
    return new


def check_security(store: Store, pod: Object) -> None:
    """Raises ApiError Forbidden for a pod that its namespace's security level doesn't let in."""
    namespace = store.get(NAMESPACES.key, None, pod["metadata"]["namespace"])
    why = podsecurity.violation(namespace, pod) if namespace else ""
    if why:
        raise errors.forbidden(PODS, pod["metadata"].get("name") or pod["metadata"].get("generateName", ""), why)


def _check_account(store: Store, resource: Resource, pod: Object) -> None:
    account, namespace = pod["spec"].get("serviceAccountName", ""), pod["metadata"]["namespace"]
    if store.get(SERVICE_ACCOUNTS.key, namespace, account) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise errors.forbidden(resource, pod["metadata"].get("name", ""), why)


def check_deletable(resource: Resource, name: str) -> None:
    """Raises ApiError Forbidden for what the lab stands on."""
    if name in resource.permanent:
        raise errors.forbidden(resource, name, resource.needed)
