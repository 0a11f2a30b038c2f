"""Step through policies in the order in which they came: the graph after each, and what each changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from helpers.display.widgets.pane import STYLE, esc
from helpers.display.widgets.plan import Json, policies_of
from helpers.display.widgets.reach import Difference, Need, Reach, difference, short, workload_of
from helpers.display.widgets.yamltext import key
from helpers.policies import World

_LISTED = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One policy more: the world with it, and in words what it changed."""

    title: str
    text: str
    world: World
    before: World | None


def steps_of(world: World, policies: Sequence[Json], needs: Iterable[Need]) -> list[Step]:
    """The way from no policy to all of them, one at a time; the first step is the world without any."""
    wanted = tuple(needs)
    steps = [Step("No policy.", _start(world), world.replace_policies(()), None)]
    reach = Reach.of(steps[0].world, wanted)
    for number, policy in enumerate(policies, 1):
        before = steps[-1].world
        after = world.replace_policies(policies[:number])
        now = Reach.of(after, wanted)
        text = said(policy, before, after, difference(reach, now, wanted))
        steps.append(Step(f"{number}. {short(key(policy))}.", text, after, before))
        reach = now
    return steps


def _start(world: World) -> str:
    return "Every pod may call every other." if world.pods else "There is no pod."


def said(policy: Json, before: World, after: World, changes: Difference) -> str:
    """What a policy changed, in a sentence or two."""
    parts = [f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} now isolated for {direction}."
             for direction in ("ingress", "egress") if (names := _isolated(before, after, direction))]
    needed, needless = changes.broken, len(changes.closed) - len(changes.broken)
    if needless:
        parts.append(f"{needless} {'call' if needless == 1 else 'calls'} that nobody needs became impossible.")
    if needed:
        parts.append(f"Broken, though needed: {_some(needed)}.")
    if changes.mended:
        parts.append(f"Works again: {_some(changes.mended)}.")
    extra = [call for call in changes.opened if call not in changes.needed]
    if extra:
        parts.append(f"Opened, though nobody needs it: {_some(extra)}.")
    return " ".join(parts) or "It changed nothing."


def _some(calls: Sequence[Any]) -> str:
    listed = ", ".join(map(str, calls[:_LISTED]))
    return listed + (f" and {len(calls) - _LISTED} more" if len(calls) > _LISTED else "")


def _isolated(before: World, after: World, direction: str) -> list[str]:
    """The workloads that the step isolated; more than a few as a number."""
    names = dict.fromkeys(short(workload_of(pod)) for pod in after.pods
                          if after.isolating(pod, direction) and not before.isolating(pod, direction))
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
        frames = [{"title": one.title, "text": one.text, "picture": svg_of(self._picture(one))} for one in steps]
        super().__init__(frames=frames, step=len(frames) - 1, **traits)

    def _picture(self, step: Step) -> Any:
        from helpers.display.pictures import graph

        needs: Any = self._needs
        return graph(step.world, needs, last="", before=step.before, title=_picture_title(step))

    def save(self, path: str | Path, step: int | None = None) -> Path:
        """Write one step's picture (the one that is shown, without `step`) as .svg, .png or .dot; returns the path."""
        chosen = self._steps[self.step if step is None else step]
        saved: Path = self._picture(chosen).save(path)
        return saved

    def __repr__(self) -> str:
        return "\n".join(f"{one.title} {one.text}" for one in self._steps)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        listed = "".join(f"<li><b>{esc(one.title)}</b> {esc(one.text)}</li>" for one in self._steps)
        page = f'{self.frames[-1]["picture"]}<ul>{listed}</ul>'
        return {**data, "text/plain": repr(self), "text/html": page}, metadata


def _picture_title(step: Step) -> str:
    return f"After {step.title.rstrip('.')}" if step.before else "Before any policy"


def svg_of(picture: Any) -> str:
    """A picture's SVG alone, or its sentence when graphviz cannot draw it."""
    svg = picture._repr_svg_()
    return svg if svg is not None else str(picture._repr_html_())


def timeline(policies: str | Path | Iterable[str | Path] | None = None) -> Timeline:
    """Step through the cluster's policies in the order of their creation, or through these files' or folders'.

    Files are read in the order given, a folder's by name; nothing is applied. Raises LabError without a cluster.
    """
    from helpers.display.widgets.live import needs_of
    from helpers.lab import looking

    objects = looking.objects()
    needs = needs_of(objects)
    chosen = policies_of(objects) if policies is None else from_files(policies)
    return Timeline(steps_of(World.of(objects), chosen, needs), needs)


def from_files(paths: str | Path | Iterable[str | Path]) -> list[Json]:
    """The policies of files and folders. Raises LabError for a path that does not exist or a text that isn't one."""
    from helpers.display.widgets.yamltext import read
    from helpers.lab.errors import LabError

    found: list[Json] = []
    for path in [paths] if isinstance(paths, str | Path) else paths:
        place = Path(path)
        if not place.exists():
            raise LabError(f"There is no file or folder {str(path)!r}. The course's policies are in policies/.")
        for file in _files(place):
            reading = read(file.read_text("utf-8"))
            if not reading.sound:
                raise LabError(f"{file}, line {reading.marks[0].span.line}: {reading.marks[0].message}.")
            found += reading.policies
    return found


def _files(place: Path) -> list[Path]:
    """A file, or the files that lie directly in a folder. Raises LabError for a folder without any."""
    from helpers.lab.errors import LabError

    found = sorted(place.glob("*.y*ml")) if place.is_dir() else [place]
    if not found:
        inner = sorted({str(file.parent) for file in place.rglob("*.y*ml")})
        raise LabError(f"No policy lies directly in {str(place)!r}."
                       + (f" Try {' or '.join(map(repr, inner))}." if inner else ""))
    return found
