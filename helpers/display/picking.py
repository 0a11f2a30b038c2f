"""Which pods does a selector pick? Live, as one types, or for one selector."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.display.selectors import read_selector
from helpers.lab.bar import in_notebook
from helpers.lab.cluster import looking
from helpers.lab.errors import LabError
from helpers.policies import home

if TYPE_CHECKING:
    from helpers.policies import Pod

_HIDDEN = frozenset({"pod-template-hash", "controller-revision-hash"})


@dataclass(frozen=True)
class Picked:
    """The pods that a selector picks among all pods of the application. `trouble` says why it could not be read."""

    text: str
    selector: Mapping[str, Any]
    pods: tuple[Pod, ...]
    chosen: frozenset[str]
    trouble: str = ""

    @property
    def sentence(self) -> str:
        """How many pods were picked, and which."""
        if self.trouble:
            return self.trouble
        if not self.pods:
            return "There are no pods to pick from yet. Deploy the shop: lab.deploy()"
        if not self.text.strip():
            return f"An empty selector picks every pod: all {len(self.pods)}."
        if not self.chosen:
            return f"{self.text.strip()} picks no pod, and a policy with it would do nothing."
        names = [pod.workload.partition("/")[2] or pod.name for pod in self.pods if pod.key in self.chosen]
        return f"{self.text.strip()} picks {len(self.chosen)} of {len(self.pods)} pods: {', '.join(names)}."

    @property
    def yaml(self) -> str:
        """The selector as a policy spells it."""
        if not self.selector:
            return "podSelector: {}"
        lines = ["podSelector:"]
        if labels := self.selector.get("matchLabels"):
            lines += ["  matchLabels:", *(f"    {key}: {_scalar(value)}" for key, value in labels.items())]
        if expressions := self.selector.get("matchExpressions"):
            lines.append("  matchExpressions:")
            for item in expressions:
                values = [f"    values: [{', '.join(map(_scalar, item['values']))}]"] if "values" in item else []
                lines += [f"  - key: {item['key']}", f"    operator: {item['operator']}", *values]
        return "\n".join(lines)

    def __repr__(self) -> str:
        rows = [f"{'✓' if pod.key in self.chosen else ' '} {_name(pod)}  {_labels(pod)}" for pod in self.pods]
        return "\n".join([*rows, self.sentence])

    def _repr_html_(self) -> str:
        rows = "".join(self._row(pod) for pod in self.pods)
        policy = "" if self.trouble else f"<pre>{html.escape(self.yaml)}</pre>"
        head = "".join(f'<th scope="col">{name}</th>' for name in ("picked", "pod", "labels"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        return (
            f'<div class="lab-labels" data-chosen="{len(self.chosen)}"><style>{_STYLE}</style>'
            f'<p role="status"><strong>{html.escape(self.sentence)}</strong></p>'
            f'<div class="both">{table}<div>In a policy:{policy}</div></div></div>'
        )

    def _row(self, pod: Pod) -> str:
        chosen = pod.key in self.chosen
        return (
            f'<tr class="{"chosen" if chosen else "left"}"><td>{"✓" if chosen else ""}</td>'
            f"<td>{html.escape(_name(pod))}</td><td><code>{html.escape(_labels(pod))}</code></td></tr>"
        )


_STYLE = (
    ".lab-labels .both{display:flex;gap:2em;flex-wrap:wrap}.lab-labels table{font-size:13px;margin:0}"
    ".lab-labels td,.lab-labels th{text-align:left;padding:.1em .6em}.lab-labels tr.left{opacity:.75}"
    ".lab-labels tr.chosen td:first-child{font-weight:bold}.lab-labels pre{font-size:13px;margin:.3em 0}"
)


def pick(selector: str = "", *, objects: Iterable[Mapping[str, Any]] | None = None) -> Picked:
    """The application's pods and which of them `selector` (as for `kubectl get pods -l`) picks.

    A selector that cannot be read picks nothing, and the answer says why.
    """
    from helpers.policies import World
    from helpers.policies.model.naming import is_system
    from helpers.policies.model.selectors import parse_selector

    world = World.of(looking.objects() if objects is None else objects)
    own = (one for one in world.workloads.values() if not is_system(one.namespace))
    pods = tuple(pod for one in sorted(own, key=lambda one: home.first(one.key)) for pod in one.pods)
    try:
        wanted = read_selector(selector)
    except LabError as error:
        return Picked(selector, {}, pods, frozenset(), str(error))
    meant = parse_selector(wanted)
    return Picked(selector, wanted, pods, frozenset(pod.key for pod in pods if meant.matches(pod.labels)))


def labels(selector: str | None = None) -> Any:
    """Show which pods a selector picks; without one, a field to type into (or all pods, where fields can't show)."""
    if selector is not None:
        return pick(selector)
    if in_notebook():
        try:
            return _field()
        except ImportError:
            pass
    return pick("")


def _field() -> Any:
    """A field whose answer follows every key."""
    import ipywidgets

    field = ipywidgets.Text(
        value="app=frontend",
        description="Selector:",
        continuous_update=True,
        placeholder="app=frontend",
        layout=ipywidgets.Layout(width="32em"),
    )
    answer = ipywidgets.HTML(value=pick(field.value)._repr_html_())

    def follow(change: Mapping[str, Any]) -> None:
        try:
            answer.value = pick(str(change["new"]))._repr_html_()
        except LabError as error:
            answer.value = f"<p>{html.escape(str(error))}</p>"

    field.observe(follow, names="value")
    return ipywidgets.VBox([field, answer])


def _name(pod: Pod) -> str:
    return pod.name if pod.namespace == home.namespace() else pod.key


def _labels(pod: Pod) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(pod.labels.items()) if key not in _HIDDEN)


def _scalar(value: str) -> str:
    """A label's value in YAML: quoted where YAML would read something else than text."""
    plain = (
        value
        and value[0].isalpha()
        and value.lower() not in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    )
    return value if plain else f'"{value}"'
