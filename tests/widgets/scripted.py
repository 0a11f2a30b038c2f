"""A cluster that is a list of objects, for tests of the widgets' logic."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


@lru_cache
def shop() -> tuple[dict, ...]:
    """The shop's manifest, and what a fresh cluster has besides."""
    manifest = ROOT / "helpers/boutique/manifests/hipster-shop.yaml"
    system = [{"kind": "Namespace", "metadata": {"name": name}} for name in ("default", "kube-system")]
    dns = {
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {
            "template": {
                "metadata": {"labels": {"k8s-app": "kube-dns"}},
                "spec": {
                    "containers": [
                        {
                            "name": "coredns",
                            "ports": [
                                {"name": "dns", "containerPort": 53, "protocol": "UDP"},
                                {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
                            ],
                        }
                    ]
                },
            }
        },
    }
    return (*system, dns, *(item for item in yaml.safe_load_all(manifest.read_text()) if item))


class ScriptedCluster:
    """Keeps policies as the API server does: with a creation time and a resource version."""

    def __init__(self, *policies: dict, objects: Sequence[dict] | None = None) -> None:
        self.others = list(shop() if objects is None else objects)
        self.stored: dict[str, dict] = {}
        self.calls: list[str] = []
        self.strangers: set[str] = set()
        self.error: Exception | None = None
        self._count = 0
        for policy in policies:
            self._store(policy)

    def _store(self, policy: dict) -> None:
        self._count += 1
        name, namespace = policy["metadata"]["name"], policy["metadata"].get("namespace", "default")
        known = self.stored.get(f"{namespace}/{name}", {}).get("metadata", {})
        added = {
            "namespace": namespace,
            "uid": str(self._count),
            "resourceVersion": str(self._count),
            "creationTimestamp": known.get("creationTimestamp", f"2026-01-01T00:00:{self._count:02}Z"),
        }
        self.stored[f"{namespace}/{name}"] = {**policy, "metadata": {**policy["metadata"], **added}}

    def objects(self) -> list[dict]:
        return [*self.others, *self.stored.values()]

    def policies(self) -> list[dict]:
        return list(self.stored.values())

    def owns(self) -> Callable[[Mapping[str, Any]], bool]:
        return lambda policy: policy["metadata"].get("namespace") not in self.strangers

    def change(self, text: str, delete: Sequence[str]) -> None:
        given = [policy for policy in yaml.safe_load_all(text) if policy]
        self.calls += [f"apply {len(given)}"] * bool(given) + [f"delete {' '.join(delete)}"] * bool(delete)
        if self.error:
            raise self.error
        for policy in given:
            self._store(policy)
        for key in delete:
            del self.stored[key]
