"""Change policies: apply, delete, and bring a notebook's starting point back."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.lab.bar import interruptible
from helpers.lab.cluster import belonging, clearing, kubectl, session, writing
from helpers.lab.cluster.api import Cluster
from helpers.lab.cluster.fitting import fitted
from helpers.lab.course.standing import stays
from helpers.lab.errors import LabError, did_you_mean
from helpers.lab.home import notebooks, read_json, update_json
from helpers.lab.shop import rollout
from helpers.lab.shop.workloads import workload_of

if TYPE_CHECKING:
    from helpers.policies.writing.suggesting import Suggestion

BEGUN = "begun.json"
_NEAR_PATH = 0.85
"""So alike a path is a misspelling; two files of one folder are less so."""


def apply(what: "str | Path | Suggestion | Sequence[Mapping[str, Any]]") -> None:
    """Apply YAML text, a file, a folder of files, or policies as objects; prints kubectl's lines.

    Only what belongs to the course is written, and of several objects all or none; what names no namespace goes into
    the course's. A path may be relative to the notebook, to `notebooks/`, or to the project, or a pattern such as
    `policies/ingress/*-allow-*.yaml`. Raises LabError.
    """
    print(writing.change(session.current(), "\n---\n".join(_texts(what))), end="")


def delete_policies(*names: str) -> None:
    """Delete the policies of these names, or all of the course's; those that were there before it stay."""
    cluster = session.current()
    found = [item["metadata"] for item in belonging.policies(cluster)]
    here = [item["name"] for item in found if item["namespace"] == cluster.namespace]
    for name in names:
        if name not in here:
            raise LabError(
                f"There is no policy {name!r} in the namespace {cluster.namespace}.{did_you_mean(name, here)}"
            )
    for item in found:
        if not names or (item["name"] in names and item["namespace"] == cluster.namespace):
            cluster.delete("networkpolicies", item["name"], item["namespace"])


def reset(
    policies: str | Path | Sequence[str | Path] = (), *, shop: bool = True, restart: str | Sequence[str] = ()
) -> None:
    """Bring a starting point back: the shop Ready (or not deployed), these policies and no other of the course's.

    `policies` are paths as `apply` takes them, or patterns such as `policies/ingress/*-allow-*.yaml`. `restart` names
    Deployments whose standing connections shall end.
    Extra namespaces and pods that the course made go away. Prints one line.
    """
    cluster = session.current()
    update_json(BEGUN, lambda begun: begun | {belonging.key_of(cluster): time.time()})
    with interruptible("lab.reset()"):
        paths = [policies] if isinstance(policies, str | Path) else list(policies)
        files = [file for path in paths for file in _matching(path)]
        again = [restart] if isinstance(restart, str) else list(restart)
        _check_restarts(cluster, again, shop)
        removed = _clear(cluster, keep_shop=shop)
        if shop:
            _bring_shop(cluster)
        if files:
            writing.change(cluster, "\n---\n".join(text for file in files for text in _read(file)))
        for name in again:
            rollout.restart(name)
    print(" ".join(filter(None, (_said(removed, files, shop), stays()))))


def _check_restarts(cluster: Cluster, names: Iterable[str], shop: bool) -> None:
    """Raise LabError for a Deployment that the starting point won't have, before anything is changed."""
    here = [item["metadata"]["name"] for item in cluster.list("deployments", cluster.namespace)]
    known = sorted({*(name for name in here if not _ours(cluster, name)), *(rollout.deployments() if shop else ())})
    for name in map(rollout.bare, names):
        if name not in known:
            raise rollout.unknown(cluster, name, known)


def begun() -> float:
    """When the last reset of this cluster began, in whatever kernel: seconds as `time.time()` gives them, or 0."""
    return float(read_json(BEGUN).get(belonging.key_of(session.current()), 0.0))


def _clear(cluster: Cluster, *, keep_shop: bool) -> int:
    """Take away what lessons leave behind; returns how many policies were deleted."""
    found = belonging.policies(cluster)
    for item in found:
        cluster.delete("networkpolicies", item["metadata"]["name"], item["metadata"]["namespace"])
    for name in {*belonging.namespaces_beside(cluster), *belonging.left_behind(cluster)}:
        clearing.take_away(cluster, name)
    shop = set(rollout.deployments()) if keep_shop else set()
    for item in cluster.list("deployments", cluster.namespace):
        if _ours(cluster, item["metadata"]["name"]) and item["metadata"]["name"] not in shop:
            cluster.delete("deployments", item["metadata"]["name"])
    for resource, name in belonging.lessons_left(cluster):
        cluster.delete(resource, name)
    if not keep_shop:
        _remove_shop(cluster)
    return len(found)


def _remove_shop(cluster: Cluster) -> None:
    belonging.check_names(cluster, rollout.deployments())
    options = kubectl.cluster_options(cluster)
    kubectl.run([*options, "delete", "--ignore-not-found", "--wait=false", "-f", str(rollout.manifest())])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        names = set(rollout.deployments())
        if not any(workload_of(pod) in names for pod in cluster.list("pods", cluster.namespace)):
            return
        time.sleep(0.05)


def _bring_shop(cluster: Cluster) -> None:
    """Deploy the shop if it is not as its manifest says; a shop that stands is left alone, as it takes no time."""
    found = {item["metadata"]["name"]: item for item in cluster.list("deployments", cluster.namespace)}
    if not all(name in found and rollout.settled(found[name]) for name in rollout.deployments()):
        rollout.deploy()


def _ours(cluster: Cluster, deployment: str) -> bool:
    """Whether a Deployment may be cleared away: the shop's, those of lessons, and all in the lab's cluster."""
    return belonging.is_lessons(cluster, deployment) or deployment in rollout.deployments()


def _texts(what: object) -> list[str]:
    """YAML texts: one as it is, policies as objects, or the files that are meant."""
    if isinstance(what, str) and not what.strip():
        raise LabError("There is nothing to apply: the text is empty.")
    if isinstance(what, str) and ("\n" in what or "apiVersion:" in what):
        return [what]
    return _files(what) if isinstance(what, str | Path) else [_yaml(what)]


def _files(what: str | Path) -> list[str]:
    return [text for path in _matching(what) for text in _read(path)]


def _read(path: Path) -> list[str]:
    """The text of a file, or of the files in a folder, as kubectl takes them."""
    kept = (".yaml", ".yml", ".json")
    files = sorted(file for file in path.iterdir() if file.suffix in kept) if path.is_dir() else [path]
    return [file.read_text("utf-8") for file in files]


def _yaml(what: object) -> str:
    """Policies as objects, or a Suggestion of some, as one YAML text."""
    found = getattr(what, "policies", what)
    if not isinstance(found, Sequence) or not all(isinstance(item, Mapping) for item in found):
        raise LabError("lab.apply takes YAML text, a file or a folder, or policies as lab.suggest() gives them.")
    if not found:
        raise LabError("There is nothing to apply: the list of policies is empty.")
    import yaml

    here = session.current().namespace
    placed = [{**item, "metadata": {"namespace": here, **item.get("metadata", {})}} for item in found]
    return str(yaml.safe_dump_all(placed, sort_keys=False, explicit_start=True))


def yaml_of(what: str | Path) -> list[str]:
    """The YAML texts that `apply` would apply, fitted to this cluster. Raises LabError if there is no such file."""
    return [fitted(text).text for text in _texts(what)]


def _matching(what: str | Path) -> list[Path]:
    """The files that a pattern means, by name, or the one file or folder of a path."""
    if "*" not in str(what):
        return [_existing(what)]
    return next((found for base in _places() if (found := sorted(base.glob(str(what))))), None) or [_existing(what)]


def _existing(what: str | Path) -> Path:
    for base in _places():
        if (found := base / what).exists():
            return found
    known = [str(path.relative_to(notebooks())) for path in (notebooks() / "policies").rglob("*.yaml")]
    raise LabError(
        f"There is no file or folder {str(what)!r}.{did_you_mean(str(what), known, alike=_NEAR_PATH)}"
        " Policies of the course are in notebooks/policies."
    )


def _places() -> Iterable[Path]:
    return (Path.cwd(), notebooks(), notebooks() / "policies", notebooks().parent)


def _said(removed: int, files: list[Path], shop: bool) -> str:
    parts = [
        "the shop is Ready" if shop else "no shop is deployed",
        f"policies: {', '.join(file.stem for file in files)}" if files else "no policies",
    ]
    gone = f" ({removed} {'policy' if removed == 1 else 'policies'} deleted)" if removed else ""
    return f"Starting point: {', '.join(parts)}{gone}."
