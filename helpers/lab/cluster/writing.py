"""Write to the cluster: only what belongs to the course, and of several objects all or none."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.lab.cluster import belonging, kubectl
from helpers.lab.cluster.api import CLUSTER_SCOPED, PATHS, Cluster, Object
from helpers.lab.cluster.fitting import fitted
from helpers.lab.errors import ClusterError, KubectlError, LabError, NotFound
from helpers.policies import home
from helpers.policies.wording import listed

_RESOURCES = {kind: resource for resource, (_, kind) in PATHS.items()}
_ADDED = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")
"""What the API server keeps in an object's metadata."""


def change(cluster: Cluster, text: str = "", *, delete: Sequence[tuple[str, str]] = ()) -> str:
    """Apply a manifest, then delete policies (namespace, name); returns kubectl's lines, and what was fitted.

    Raises LabError for what isn't the course's, before anything is written. If something fails in between, what was
    done until then is taken back.
    """
    fit = fitted(text)
    objects = objects_of(fit.text)
    belonging.check(cluster, objects)
    policies = [{"kind": "NetworkPolicy", "metadata": {"namespace": where, "name": name}} for where, name in delete]
    belonging.check(cluster, policies)
    before = _before(cluster, [*objects, *policies]) if len(objects) + len(policies) > 1 else []
    if len(objects) > 1 and not any(found is None and item.get("kind") == "Namespace" for item, found in before):
        _apply(cluster, fit.text, objects, "--dry-run=server")
    try:
        said = _apply(cluster, fit.text, objects) if fit.text.strip() else ""
        for where, name in delete:
            cluster.delete("networkpolicies", name, where)
    except (KubectlError, ClusterError) as error:
        raise LabError(f"{error}\n{_taken_back(cluster, before)}") from None
    return said + "".join(f"{note}\n" for note in fit.notes)


def _apply(cluster: Cluster, text: str, objects: Sequence[Object], *options: str) -> str:
    """kubectl's lines. It takes no objects of other namespaces than the one that it is told, if it is told one."""
    if all(item["metadata"].get("namespace") in (None, "", cluster.namespace) for item in objects):
        return kubectl.run([*kubectl.cluster_options(cluster), "apply", *options, "-f", "-"], text)
    placed = [_placed(item) for item in objects]
    return kubectl.run([*kubectl.context_options(cluster), "apply", *options, "-f", "-"], "\n".join(placed))


def _placed(item: Object) -> str:
    """An object as YAML (JSON is some), with the namespace that it goes to."""
    if _RESOURCES.get(str(item.get("kind"))) in CLUSTER_SCOPED:
        return f"---\n{json.dumps(item)}"
    metadata = {**item["metadata"], "namespace": home.namespace_of(item["metadata"])}
    return f"---\n{json.dumps({**item, 'metadata': metadata}, default=str)}"


def objects_of(text: str) -> list[Object]:
    """The objects of a manifest; of one that can't be read none, and kubectl will say why."""
    import yaml

    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError:
        return []
    found: list[Object] = []
    for item in documents:
        inner = item.get("items") if isinstance(item, Mapping) and str(item.get("kind")).endswith("List") else None
        found += [one for one in (inner or [item]) if isinstance(one, dict) and isinstance(one.get("metadata"), dict)]
    return found


def _before(cluster: Cluster, objects: Iterable[Object]) -> list[tuple[Object, Object | None]]:
    """Objects of the kinds that the lab knows, each with how it is in the cluster; None if it isn't there."""
    known: dict[tuple[str, str], dict[str, Object]] = {}
    found = []
    for item in objects:
        resource, name = _RESOURCES.get(str(item.get("kind"))), str(item["metadata"].get("name"))
        if resource is None:
            continue
        where = "" if resource in CLUSTER_SCOPED else home.namespace_of(item["metadata"])
        if (resource, where) not in known:
            known[resource, where] = _by_name(cluster, resource, where)
        found.append((item, known[resource, where].get(name)))
    return found


def _by_name(cluster: Cluster, resource: str, namespace: str) -> dict[str, Object]:
    try:
        return {item["metadata"]["name"]: item for item in cluster.list(resource, namespace or None)}
    except ClusterError:
        return {}


def _taken_back(cluster: Cluster, before: Sequence[tuple[Object, Object | None]]) -> str:
    """Give every object back what it was; a sentence says what was taken back, and what could not be."""
    back, stuck = [], []
    for item, was in before:
        name = f"{item['kind']} {item['metadata'].get('name')}"
        try:
            if _restore(cluster, item, was):
                back.append(name)
        except ClusterError:
            stuck.append(name)
    said = f"Taken back: {listed(back, most=8)}." if back else "Nothing was changed."
    return (
        f"{said} Look at {listed(stuck, most=8)}: what was there before could not be brought back." if stuck else said
    )


def _restore(cluster: Cluster, item: Object, was: Object | None) -> bool:
    """Whether the object differed from what it was, and is again as it was."""
    resource, name = _RESOURCES[item["kind"]], str(item["metadata"]["name"])
    where = home.namespace_of(item["metadata"])
    try:
        now = cluster.get(resource, name, where)
    except NotFound:
        if was is None:
            return False
        cluster.create(resource, _bare(was), where)
        return True
    if was is None:
        cluster.delete(resource, name, where)
        return True
    if _same(now, was):
        return False
    cluster.replace(resource, name, _bare(was), where)
    return True


def _bare(item: Object) -> Object:
    """An object as somebody would write it anew."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in _ADDED}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return json.dumps(_bare(dict(one)), sort_keys=True) == json.dumps(_bare(dict(other)), sort_keys=True)
