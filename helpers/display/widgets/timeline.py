"""Step through policies in the order in which they came: the graph after each, and what each changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from helpers.display.drawing.picture import Picture
from helpers.display.drawing.pictures import picture_of
from helpers.display.drawing.scene import scene_between
from helpers.display.view import view_of
from helpers.display.widgets.pane import STYLE, esc
from helpers.display.widgets.plan import Json, policies_of
from helpers.display.widgets.yamltext import key, read
from helpers.lab.cluster import looking
from helpers.lab.cluster.fitting import fitted
from helpers.lab.errors import LabError
from helpers.policies import World
from helpers.policies.application.change import Change, between
from helpers.policies.application.reach import Need, Reach, Stage
from helpers.policies.wording import listed, short

_LISTED = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One policy more: what may call what with it and before it, and in words what it changed."""

    title: str
    text: str
    reach: Reach
    change: Change | None = None

    @property
    def world(self) -> World:
        return self.reach.world

    @property
    def mark(self) -> str:
        """What stands out about it: "breaks" something needed, "mends" something, or nothing."""
        if self.change is None:
            return ""
        return "breaks" if self.change.broken else "mends" if self.change.mended else ""


def steps_of(world: World, policies: Sequence[Json], needs: Iterable[Need]) -> list[Step]:
    """The way from no policy to all of them, one at a time; the first step is the world without any."""
    stage = Stage.of(needs, world)
    steps = [Step("No policy.", _start(world), Reach(world.replace_policies(()), stage))]
    for number, policy in enumerate(policies, 1):
        change = between(steps[-1].reach, Reach(world.replace_policies(policies[:number]), stage))
        steps.append(Step(f"{number}. {short(key(policy))}.", said(change), change.after, change))
    return steps


def _start(world: World) -> str:
    return "Every pod may call every other." if world.pods else "There is no pod."


def said(change: Change) -> str:
    """What a policy changed, in a few sentences."""
    before, after = change.before.world, change.after.world
    parts = [
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} now isolated for {direction}."
        for direction in ("ingress", "egress")
        if (names := _isolated(before, after, direction))
    ]
    needless = [call for call in change.opened if call not in change.needed]
    parts += [
        f"{word}: {listed(map(str, calls), most=_LISTED)}."
        for word, calls in (
            ("Broken, though needed", change.broken),
            ("Works again", change.mended),
            ("Opened, though nobody needs it", needless),
        )
        if calls
    ]
    if not change.same:
        parts.append(change.sentence)
    return " ".join(parts) or "It changed nothing."


def _isolated(before: World, after: World, direction: str) -> list[str]:
    """The workloads that the step isolated; more than a few as a number."""
    names = dict.fromkeys(
        short(pod.workload_key)
        for pod in after.pods
        if after.isolating(pod, direction) and not before.isolating(pod, direction)
    )
    return list(names) if len(names) <= _LISTED else [f"{len(names)} workloads"]


class Timeline(anywidget.AnyWidget):
    """The graph step by step, with a slider, to play, and to save as SVG or PNG; works on without a kernel."""

    _esm = Path(__file__).with_name("timeline.js")
    _css = STYLE

    frames: Any = traitlets.List().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    name = traitlets.Unicode("policies").tag(sync=True)

    def __init__(self, steps: Sequence[Step], needs: Iterable[Need] = (), **traits: Any) -> None:
        self._steps, self._needs = list(steps), tuple(needs)
        frames = [
            {"title": one.title, "text": one.text, "mark": one.mark, "picture": self._picture(one).shown()}
            for one in steps
        ]
        super().__init__(frames=frames, step=len(frames) - 1, **traits)

    def _picture(self, step: Step) -> Picture:
        before = step.change.before if step.change else None
        return picture_of(scene_between(step.reach, before, self._needs), _picture_title(step))

    def save(self, path: str | Path, step: int | None = None) -> Path:
        """Write the picture of a step, or of the shown one, as .svg, .png, .pdf or .dot; returns the path."""
        chosen = self._steps[self.step if step is None else step]
        return self._picture(chosen).save(path)

    def __repr__(self) -> str:
        return "\n".join(f"{one.title} {one.text}" for one in self._steps)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        listed = "".join(f"<li><b>{esc(one.title)}</b> {esc(one.text)}</li>" for one in self._steps)
        page = f"{self.frames[-1]['picture']}<ul>{listed}</ul>"
        return {**data, "text/plain": repr(self), "text/html": page}, metadata


def _picture_title(step: Step) -> str:
    return f"After {step.title.rstrip('.')}" if step.change else "Before any policy"


def timeline(policies: str | Path | Iterable[str | Path] | None = None) -> Timeline:
    """Step through the cluster's policies in the order of their creation, or through these files' or folders'.

    Files are read in the order given, a folder's by name; nothing is applied. Raises LabError without a cluster.
    """
    objects = looking.objects()
    world, needs = view_of(objects)
    chosen = policies_of(objects) if policies is None else from_files(policies)
    wanted = tuple(needs)
    return Timeline(steps_of(world, chosen, wanted), wanted)


def from_files(paths: str | Path | Iterable[str | Path]) -> list[Json]:
    """The policies of files and folders. Raises LabError for a path that does not exist or a text that isn't one."""
    found: list[Json] = []
    for place in _places([paths] if isinstance(paths, str | Path) else paths):
        if not place.exists():
            raise LabError(f"There is no file or folder {str(place)!r}. The course's policies are in policies/.")
        for file in _files(place):
            reading = read(fitted(file.read_text("utf-8")).text)
            if not reading.sound:
                raise LabError(f"{file}, line {reading.marks[0].span.line}: {reading.marks[0].message}.")
            found += reading.policies
    return found


def _places(paths: Iterable[str | Path]) -> Iterator[Path]:
    """Paths as they are, and the files that a pattern such as `ingress/*-allow-*.yaml` means."""
    for path in paths:
        found = sorted(Path().glob(str(path))) if "*" in str(path) else []
        yield from found or [Path(path)]


def _files(place: Path) -> list[Path]:
    """A file, or the files that lie directly in a folder. Raises LabError for a folder without any."""
    found = sorted(place.glob("*.y*ml")) if place.is_dir() else [place]
    if not found:
        inner = sorted({str(file.parent) for file in place.rglob("*.y*ml")})
        raise LabError(
            f"No policy lies directly in {str(place)!r}." + (f" Try {' or '.join(map(repr, inner))}." if inner else "")
        )
    return found
