"""`lab.start()`, the first line of every notebook."""

import time

from helpers.lab.bar import interruptible, shell
from helpers.lab.cluster import belonging, chosen, environment, session
from helpers.lab.cluster.api import Cluster
from helpers.lab.course.board import greeting
from helpers.lab.course.standing import stays
from helpers.lab.errors import NotFound
from helpers.policies.wording import listed


def start(context: str | None = None, *, namespace: str | None = None) -> None:
    """Make this notebook ready: find or start the cluster, and put kubectl in place.

    Without `context` (or `LAB_CONTEXT`) the local cluster is used, and without `namespace` (or `LAB_NAMESPACE`) the
    one that the context names; one that isn't there yet is made. Prints one line; running it again changes nothing.
    Raises LabError with the next step.
    """
    began = time.perf_counter()
    with interruptible("lab.start()"):
        cluster = session.connect(context, namespace=namespace)
        environment.install(cluster.context, cluster.namespace, local=cluster.local)
        chosen.note(None if cluster.entered else cluster.context, cluster.namespace)
        _load_magic()
        line = sentence(cluster)
    print(f"{line} Ready in {time.perf_counter() - began:.1f} s.")
    for said in filter(None, (stays(), _given(cluster), greeting())):
        print(said)


def sentence(cluster: Cluster) -> str:
    """Which cluster this is, and what runs there of the shop."""
    where = "the local cluster" if cluster.local else f"the cluster {cluster.context.name!r}"
    way = "" if cluster.entered else " Pages come by port-forward, past policies for traffic from outside."
    return f"Using {where} ({cluster.version()}, namespace {cluster.namespace}): {_shop(cluster)}.{way}"


def _shop(cluster: Cluster) -> str:
    try:
        found = cluster.list("deployments", cluster.namespace)
    except NotFound:
        found = []
    if not found:
        return "no shop is deployed yet"
    ready = sum(1 for item in found if (item.get("status") or {}).get("readyReplicas"))
    return f"{ready} of {len(found)} Deployments are ready"


def _given(cluster: Cluster) -> str:
    """What to expect where a teacher has made the namespaces beforehand."""
    found = [] if cluster.entered else [name for name in belonging.given(cluster) if name != cluster.namespace]
    if not found:
        return ""
    return (
        f"{listed(found)} were made for you. Where a cell creates or deletes one of them, kubectl may say that you "
        "can't: go on with the next cell."
    )


def _load_magic() -> None:
    running = shell()
    if running is not None:
        from helpers.lab.course import magic  # it needs IPython

        magic.load(running)
