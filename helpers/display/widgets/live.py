"""The widgets on the cluster that the notebook works with."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import lru_cache

from helpers.display.drawing.pictures import picture_of
from helpers.display.drawing.scene import Scene, scene_between
from helpers.display.widgets.bench import Bench, Refused
from helpers.display.widgets.feed import Feed
from helpers.display.widgets.focus import focus
from helpers.display.widgets.plan import Json
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.review import review
from helpers.display.widgets.templates import TEMPLATES
from helpers.display.widgets.workbench import Workbench
from helpers.lab.cluster import belonging, looking, session, writing
from helpers.lab.errors import LabError, did_you_mean
from helpers.policies import home


class LiveCluster:
    """The lab's cluster as the widgets' `Cluster`; errors are LabErrors, whose text is a sentence."""

    def objects(self) -> Sequence[Json]:
        return looking.objects()

    def policies(self) -> Sequence[Json]:
        return looking.policies()

    def owns(self) -> Callable[[Json], bool]:
        return belonging.owns(session.current())

    def change(self, text: str, delete: Sequence[str]) -> None:
        ends = [(namespace, name) for namespace, _, name in (key.partition("/") for key in delete)]
        writing.change(session.current(), text, delete=ends)


def draw(proposal: Proposal) -> str:
    """The graph of a proposal, with what differs from the cluster standing out."""
    title = "Who could call whom, if this were applied" if proposal.plan else "Who may call whom"
    only = focus(proposal)
    if only is not None:
        title += f": {len(only)} of the cluster's workloads, those that this is about"
    before = proposal.ground.reach if proposal.plan else None
    return painted(scene_between(proposal.reach, before, proposal.ground.needs, only=only), title)


@lru_cache(maxsize=16)
def painted(scene: Scene, title: str) -> str:
    """A scene as SVG, kept: most keystrokes change no picture: in a comment, in a name, in the middle of a word."""
    return picture_of(scene, title).shown()


def workbench(policies: str = "", *, template: str = "", target: str = "", other: str = "") -> Workbench:
    """Open the workbench: edit policies, see what would change in the cluster, then apply it or take it back.

    It starts with the cluster's policies, and with the YAML text `policies` if there is one. `template`, `target`
    and `other` are the toolbar's first choices. Raises LabError when there is no cluster, or no such choice.
    """
    bench = Bench(LiveCluster())
    chosen = {"template": _template(template), "target": _workload(bench, target), "other": _workload(bench, other)}
    if policies:
        try:
            bench.import_text(policies)
        except Refused as error:
            raise LabError(str(error)) from None
    found = Workbench(bench, draw, review, chosen=chosen)
    _watch(found)
    return found


_BEAT = 2.0
"""Seconds between two looks at the cluster's policies."""
_watching: weakref.WeakSet[Workbench] = weakref.WeakSet()
_feeds: list[Feed] = []


def _watch(bench: Workbench) -> None:
    """Have a workbench told when the cluster's policies change; one thread does it for all of a kernel."""
    _watching.add(bench)
    if not any(feed.running for feed in _feeds):
        _feeds[:] = [Feed(looking.policies, _told, _told, _BEAT)]
        _feeds[0].start()


def _told(_: object) -> None:
    for bench in list(_watching):
        bench.notice()


def _template(name: str) -> str:
    known = [one.id for one in TEMPLATES]
    if name and name not in known:
        raise LabError(f"There is no template {name!r}. The templates are: {', '.join(known)}.")
    return name


def _workload(bench: Bench, name: str) -> str:
    """A workload as the toolbar lists it, `namespace/name`; a cluster without any takes every name."""
    known = [f"{one.namespace}/{one.name}" for one in bench.around.workloads]
    key = home.full(name) if name else name
    if key and known and key not in known:
        shown = [home.short(one) for one in known]
        raise LabError(f"There is no workload {name!r}.{did_you_mean(name, shown)} There is: {', '.join(shown)}.")
    return key
