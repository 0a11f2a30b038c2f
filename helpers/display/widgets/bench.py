"""The workbench without its widgets: a draft over a live cluster, and every action on it.

A `Bench` is used by one thread at a time. It speaks to the cluster through the `Cluster` it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.display.widgets import form, templates, yamltext
from helpers.display.widgets.commented import rewritten
from helpers.display.widgets.draft import Draft, History
from helpers.display.widgets.plan import Cluster, Json, plan, policies_of, same_form
from helpers.display.widgets.proposal import Ground, Proposal, call_of
from helpers.display.widgets.surroundings import Surroundings
from helpers.lab.cluster.fitting import fitted
from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Call

CHANGED = "The cluster has changed: look again."


class Refused(ValueError):
    """An action that cannot be done now; the text is a sentence for the person who asked for it."""


@dataclass
class Bench:
    """The state of a workbench and what can be done to it."""

    cluster: Cluster
    clock: Callable[[], float] = time.monotonic
    history: History = field(default_factory=lambda: History(Draft()))
    question: Call | None = None
    elsewhere: str = ""
    """A sentence, while it isn't known any more that the cluster has what it had when it was last looked at."""
    _applied: list[tuple[Json, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ground = self._look()
        self.around = Surroundings.of(self.ground.world)
        self.history = History(Draft.of(self.ground.policies))
        self._proposal = Proposal(self.ground, self.draft)

    def _look(self) -> Ground:
        objects = list(self.cluster.objects())
        world, owns = World.of(objects), self.cluster.owns()
        others = tuple(policy.source for policy in world.policies if not owns(policy.source))
        return Ground(world, policies_of(objects, owns), tuple(needs(world)), others)

    @property
    def draft(self) -> Draft:
        return self.history.present

    @property
    def proposal(self) -> Proposal:
        """What would change; the same object as long as nothing does."""
        before = self._proposal
        if before.draft.sheets != self.draft.sheets or before.ground is not self.ground:
            self._proposal = Proposal(self.ground, self.draft, before.world if before.ground is self.ground else None)
        return self._proposal

    # What is done to the draft.

    def type(self, text: str) -> None:
        """Take the text in the editor."""
        self.history.type(text, self.clock())

    def open(self, sheet: int) -> None:
        self.history.do(self.draft.select(sheet))

    def add_template(self, name: str, target: str = "", other: str = "", namespace: str = "") -> None:
        """Start a policy from a template, for two workloads `namespace/name` or a namespace, as it asks."""
        taken = [policy["metadata"]["name"] for policy in self.draft.policies]
        text = templates.text(name, self.around, target, other, namespace, taken)
        self.history.do(self.draft.add(fitted(text, self.ground.networks).text))

    def remove(self, sheet: int) -> None:
        self.history.do(self.draft.remove(sheet))

    def import_text(self, text: str) -> int:
        """Add the policies of a YAML text, each on its own sheet; one with a known key takes that one's place.

        Returns how many. Raises Refused for a text that holds no YAML.
        """
        reading = yamltext.read(text)
        parts = yamltext.split(text)
        if not parts or not reading.documents:
            raise Refused(
                "There is no policy in that text."
                if not reading.marks
                else f"Line {reading.marks[0].span.line}: {reading.marks[0].message}."
            )
        draft = self.draft
        for part in parts:
            known = [draft.find(yamltext.key(policy)) for policy in yamltext.read(part).policies]
            draft = draft.add(part) if not known or known[0] is None else draft.select(known[0]).edit(part)
        self.history.do(draft)
        return len(parts)

    def fix(self, fix: Mapping[str, Any]) -> None:
        """Make a mend on the open sheet that a mark offers (`Fix.as_dict()`). Raises Refused when it is stale."""
        text = self.draft.open.text if self.draft.open else ""
        mended = yamltext.Fix(
            yamltext.Span(fix["line"], fix["column"], fix["end"]), str(fix["old"]), str(fix["new"])
        ).on(text)
        if mended == text:
            raise Refused("The text is another by now: there is nothing like that to mend.")
        self.history.do(self.draft.edit(mended))

    def undo(self) -> None:
        if not self.history.undo():
            raise Refused("There is nothing to undo.")

    def redo(self) -> None:
        if not self.history.redo():
            raise Refused("There is nothing to redo.")

    def reset(self) -> None:
        """Put the draft back to what the cluster has; undo brings the draft back."""
        self.history.do(Draft.of(self.ground.policies))

    # The form.

    @property
    def formed(self) -> form.Form | None:
        """The form of the open sheet; None when there is no sound policy on it, or more than one."""
        policy = self._one_policy()
        return form.form_of(policy) if policy else None

    def edit_form(self, action: str, *arguments: Any) -> None:
        """Make one edit of the form, and write the sheet's YAML anew. Raises Refused for a value without sense."""
        policy, sheet = self._one_policy(), self.draft.open
        if policy is None or sheet is None:
            raise Refused("The form shows one policy at a time, and only one that can be read.")
        try:
            changed = form.edit(policy, action, *arguments)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise Refused(f"{error}".strip("'\"") + ".") from None
        self.history.do(self.draft.edit(rewritten(sheet.text, changed, yamltext.write(changed))))

    def _one_policy(self) -> dict[str, Any] | None:
        """The policy of the open sheet as it is written, without defaults."""
        reading = yamltext.read(self.draft.open.text) if self.draft.open else None
        found = [document.value for document in reading.documents] if reading and reading.sound else []
        return found[0] if len(found) == 1 else None

    # Questions.

    def ask(self, source: str, target: str, port: object, protocol: str = "TCP") -> None:
        """Explain one call from now on. Raises Refused for an end or a port that doesn't exist."""
        try:
            self.question = call_of(self.ground.world, source, target, port, protocol)
        except (ValueError, KeyError) as error:
            raise Refused(str(error) + ".") from None

    # What is done to the cluster.

    @property
    def fault(self) -> str:
        """What has to be mended before anything can be applied; empty when every sheet can be read."""
        for sheet in self.draft.sheets:
            faults = [mark for mark in yamltext.read(sheet.text).marks if mark.severity == "error"]
            if faults:
                return f"First mend line {faults[0].span.line} of {sheet.title}: {faults[0].message}."
        return ""

    @property
    def refusal(self) -> str:
        """Why nothing can be applied now; empty when something can."""
        if self.fault or self.elsewhere:
            return self.fault or self.elsewhere
        return "" if self.proposal.plan else "The cluster has exactly these policies already."

    def apply(self) -> str:
        """Make the cluster have the draft's policies; a sentence says what was done. Raises Refused."""
        if self.refusal:
            raise Refused(f"Nothing was applied. {self.refusal}")
        before = self.ground.policies
        said = self._change(self.proposal.policies)
        self._applied.append(before)
        return f"Applied: {said}."

    @property
    def can_take_back(self) -> bool:
        return bool(self._applied)

    def take_back(self) -> str:
        """Give the cluster the policies that it had before the last apply. The draft stays. Raises Refused."""
        if not self._applied:
            raise Refused("Nothing was applied from here.")
        said = self._change(self._applied[-1])
        self._applied.pop()
        return f"Taken back: {said}."

    def _change(self, wanted: Iterable[Json]) -> str:
        steps = plan(self.ground.policies, wanted)
        if not steps:
            raise Refused("The cluster has exactly these policies already.")
        self.cluster.change(yamltext.join([yamltext.write(policy) for policy in steps.apply]), steps.delete)
        self.refresh(done={*(yamltext.key(policy) for policy in steps.apply), *steps.delete})
        return str(steps)

    def notice(self) -> bool:
        """Find out whether the cluster still has the policies that it had; returns whether the answer is another."""
        before = self.elsewhere
        try:
            live, owns = self.cluster.policies(), self.cluster.owns()
            same = policies_of(live, owns) == self.ground.policies and _meant(
                policy for policy in live if not owns(policy)
            ) == _meant(self.ground.others)
            self.elsewhere = "" if same else CHANGED
        except Exception as error:
            self.elsewhere = str(error) or type(error).__name__
        return self.elsewhere != before

    def refresh(self, done: frozenset[str] | set[str] = frozenset()) -> None:
        """Look at the cluster again. Sheets that nobody touched follow it; what a person wrote stays.

        `done` are the keys of policies that were changed from here: their sheets stay as they are.
        """
        before = {yamltext.key(policy): policy for policy in self.ground.policies}
        self.ground, self.elsewhere = self._look(), ""
        self.around = Surroundings.of(self.ground.world)
        after = {yamltext.key(policy): policy for policy in self.ground.policies}
        followed = follow(self.draft, without(before, done), without(after, done))
        if followed != self.draft:
            self.history.do(followed)


def _meant(policies: Iterable[Json]) -> dict[str, Json]:
    """Policies by key, each in the form in which equal meaning compares equal."""
    return {yamltext.key(policy): same_form(policy) for policy in policies}


def without(policies: dict[str, Json], names: Iterable[str]) -> dict[str, Json]:
    return {name: policy for name, policy in policies.items() if name not in names}


def follow(draft: Draft, before: dict[str, Json], after: dict[str, Json]) -> Draft:
    """The draft after the cluster's policies went from `before` to `after`, by key."""
    for name in before.keys() | after.keys():
        sheet = next((sheet for sheet in draft.sheets if sheet.id == draft.find(name)), None)
        untouched = (
            sheet is not None
            and name in before
            and len(sheet.policies) == 1
            and (same_form(sheet.policies[0]) == same_form(before[name]))
        )
        if name not in after:
            draft = draft.remove(sheet.id) if untouched and sheet else draft
        elif sheet is None:
            draft = draft if name in before else draft.add(yamltext.write(after[name])).select(draft.selected or 0)
        elif untouched and same_form(after[name]) != same_form(before[name]):
            draft = draft.select(sheet.id).edit(yamltext.write(after[name])).select(draft.selected or sheet.id)
    return draft if draft.open else draft.select_first()
