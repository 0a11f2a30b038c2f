"""What the input holds and what it doesn't: a pod that isn't among the objects may exist all the same.

A chart that is linted alone has no other namespaces and no DNS, and a namespace may get its policies before its pods.
Rules that compare a policy with pods ask here first, and what could not be compared is said once.
"""

from __future__ import annotations

from functools import cached_property

from helpers.policies.model import NAMESPACE_NAME_LABEL, Namespaces, Peer, Pod, Policy
from helpers.policies.model.naming import BUILT_IN, is_system
from helpers.policies.model.selectors import Selector
from helpers.policies.world import World

DNS_POD = Pod("kube-system", "kube-dns", {"k8s-app": "kube-dns"})
"""The DNS pod that every cluster has, and that never comes with an application's manifests."""


class Presence:
    """Which namespaces' pods a world knows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.populated = {pod.namespace for pod in (*world.pods, *world.ended)}

    @cached_property
    def whole(self) -> bool:
        """Whether the input is a whole cluster: the running pods of kube-system are there."""
        return any(pod.namespace == "kube-system" and not pod.template for pod in self._world.pods)

    @cached_property
    def declared(self) -> Namespaces:
        """The namespaces whose labels are known, by a Namespace object or because every cluster has them so."""
        written = {
            str(item["metadata"]["name"])
            for item in self._world.objects
            if item.get("kind") == "Namespace"
            and isinstance(item.get("metadata"), dict)
            and item["metadata"].get("name")
        }
        return {
            name: self._world.namespaces.get(name) or {NAMESPACE_NAME_LABEL: name}
            for name in sorted(written | BUILT_IN)
        }

    @cached_property
    def namespaces(self) -> Namespaces:
        """All namespaces that are known, with such labels as are known."""
        return {**self._world.namespaces, **self.declared}

    def complete(self, namespace: str) -> bool:
        """Whether a namespace's pods are in the input. Those of the cluster's own seldom come with an application."""
        return namespace in self.populated and (self.whole or not is_system(namespace))

    def unseen(self, policy: Policy, peer: Peer) -> bool:
        """Whether a peer may mean pods that aren't in the input."""
        if peer.block is not None:
            return False
        if peer.namespaces is None:
            return policy.namespace is not None and not self.complete(policy.namespace)
        return not self.whole and not self._known(peer.namespaces)

    def _known(self, selector: Selector) -> bool:
        """Whether all namespaces that a selector may mean are complete."""
        named = [
            values
            for key, operator, values in selector.requirements
            if key == NAMESPACE_NAME_LABEL and operator == "In"
        ]
        if named:
            return all(self.complete(name) for values in named for name in values)
        if all(operator not in ("In", "Exists") for _, operator, _ in selector.requirements):
            return False
        fitting = [name for name, labels in self.declared.items() if selector.matches(labels)]
        return bool(fitting) and all(map(self.complete, fitting))
