"""The Kubernetes API as the lab uses it: plain dictionaries in and out, errors as sentences."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.cluster.transport import Transport, connect
from helpers.lab.errors import ClusterError, NotFound
from helpers.plain_text import typed

Object = dict[str, Any]

# Where the resources that the lab uses live: plural → path of its group and version, and its kind.
PATHS = {
    "namespaces": ("/api/v1", "Namespace"),
    "nodes": ("/api/v1", "Node"),
    "pods": ("/api/v1", "Pod"),
    "services": ("/api/v1", "Service"),
    "deployments": ("/apis/apps/v1", "Deployment"),
    "replicasets": ("/apis/apps/v1", "ReplicaSet"),
    "configmaps": ("/api/v1", "ConfigMap"),
    "endpointslices": ("/apis/discovery.k8s.io/v1", "EndpointSlice"),
    "ingresses": ("/apis/networking.k8s.io/v1", "Ingress"),
    "serviceaccounts": ("/api/v1", "ServiceAccount"),
    "secrets": ("/api/v1", "Secret"),
    "resourcequotas": ("/api/v1", "ResourceQuota"),
    "roles": ("/apis/rbac.authorization.k8s.io/v1", "Role"),
    "clusterroles": ("/apis/rbac.authorization.k8s.io/v1", "ClusterRole"),
    "rolebindings": ("/apis/rbac.authorization.k8s.io/v1", "RoleBinding"),
    "clusterrolebindings": ("/apis/rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    "networkpolicies": ("/apis/networking.k8s.io/v1", "NetworkPolicy"),
    "ippools": ("/apis/crd.projectcalico.org/v1", "IPPool"),
    "flows": ("/apis/lab.hipster-shop.dev/v1", "Flow"),
}
CLUSTER_SCOPED = frozenset({"namespaces", "nodes", "ippools", "flows", "clusterroles", "clusterrolebindings"})
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class Cluster:
    """One cluster, reached through one kubeconfig context.

    `namespace` is where the course works: the context's own, `default` unless it says otherwise.
    Every call raises ClusterError (NotFound for a 404) with a sentence.
    """

    def __init__(self, context: Context, *, local: bool = False, transport: Transport | None = None) -> None:
        self.context = context
        self.local = local
        self.namespace = context.namespace
        self._transport = transport or connect(context)

    @property
    def entered(self) -> bool:
        """Whether the local cluster's own entrance leads to the course's shop: it knows that of `default` alone."""
        return self.local and self.namespace == "default"

    def __repr__(self) -> str:
        return f"Cluster({self.context.name!r} at {self.context.server})"

    def list(self, resource: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Object]:
        """All objects of a resource, of one namespace or of all; each carries its kind and apiVersion."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        found = self.call("GET", path_of(resource, namespace), query=query)
        kind = PATHS[resource][1]
        version = found.get("apiVersion", "v1")
        return [{"apiVersion": version, "kind": kind, **item} for item in found.get("items") or []]

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object:
        return self.call("GET", path_of(resource, self._scope(resource, namespace), name))

    def create(self, resource: str, body: Mapping[str, Any], namespace: str | None = None) -> Object:
        return self.call("POST", path_of(resource, self._scope(resource, namespace)), body=body)

    def replace(self, resource: str, name: str, body: Mapping[str, Any], namespace: str | None = None) -> Object:
        return self.call("PUT", path_of(resource, self._scope(resource, namespace), name), body=body)

    def patch(
        self,
        resource: str,
        name: str,
        body: Any,
        namespace: str | None = None,
        *,
        kind: str = MERGE,
        subresource: str = "",
    ) -> Object:
        path = path_of(resource, self._scope(resource, namespace), name)
        return self.call("PATCH", f"{path}/{subresource}" if subresource else path, body=body, content_type=kind)

    def delete(self, resource: str, name: str, namespace: str | None = None, *, missing_ok: bool = True) -> None:
        try:
            self.call("DELETE", path_of(resource, self._scope(resource, namespace), name))
        except NotFound:
            if not missing_ok:
                raise

    def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The body of a GET that answers plain text, such as a log."""
        return self._send("GET", _with_query(path, query), None, {"Accept": "*/*"}, 30.0).decode(errors="replace")

    def version(self) -> str:
        """The server's version, such as `v1.37.1`."""
        return str(self.call("GET", "/version", timeout=10.0).get("gitVersion", ""))

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        timeout: float = 30.0,
    ) -> Object:
        """Send one request and return the JSON that comes back. `timeout` in seconds."""
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if body is not None else {})
        data = json.dumps(body).encode() if body is not None else None
        answer = json.loads(self._send(method, _with_query(path, query), data, headers, timeout) or b"{}")
        return answer if isinstance(answer, dict) else {}

    def close(self) -> None:
        self._transport.close()

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float) -> bytes:
        try:
            answer = self._transport.request(method, path, body, headers, timeout)
        except OSError as error:
            raise ClusterError(self._unreachable(error)) from None
        if answer.status >= 400:
            raise _error(answer.status, answer.body)
        return answer.body

    def _unreachable(self, error: OSError) -> str:
        cause = "it did not answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        after = (
            "Start it again with lab.start()."
            if self.local
            else f"Try: kubectl --context {self.context.name} get nodes"
        )
        return f"The cluster {self.context.name!r} at {self.context.server} cannot be reached: {cause}. {after}"

    def _scope(self, resource: str, namespace: str | None) -> str | None:
        return None if resource in CLUSTER_SCOPED else namespace or self.namespace


def path_of(resource: str, namespace: str | None = None, name: str = "") -> str:
    """The URL path of a resource or an object; without a namespace, of all namespaces."""
    base = PATHS[resource][0]
    parts: Iterable[str] = ["namespaces", namespace] if namespace and resource not in CLUSTER_SCOPED else []
    return "/".join([base, *(quote(typed(part)) for part in (*parts, resource, *([name] if name else [])))])


def _with_query(path: str, query: Mapping[str, str] | None) -> str:
    given = {key: value for key, value in (query or {}).items() if value}
    return f"{path}?{urlencode({key: typed(str(value)) for key, value in given.items()})}" if given else path


def _error(status: int, body: bytes) -> ClusterError:
    """The API's Status object as an exception: its message is a sentence already."""
    try:
        found = json.loads(body)
        message, reason = str(found.get("message", "")), str(found.get("reason", ""))
    except (ValueError, AttributeError):
        message, reason = body.decode(errors="replace").strip(), ""
    if status in (401, 403):
        message = f"The cluster does not let you do this: {message or 'not allowed'}. Use a context with more rights."
    message = message or f"The cluster answered with HTTP status {status}."
    return NotFound(message) if status == 404 else ClusterError(message, status=status, reason=reason)
