"""Advice on the live cluster's policies: what the linter finds, and what a machine would write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from helpers.lab.cluster import belonging, looking, session
from helpers.lab.course import changes
from helpers.lab.errors import LabError

if TYPE_CHECKING:
    from helpers.policies import Finding, World
    from helpers.policies.writing.suggesting import Suggestion


class Findings(list["Finding"]):
    """What the linter found; prints as sentences."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "The linter finds nothing to mend."


def lint(*skip: str, of: World | None = None) -> Findings:
    """Mistakes in policies that the API server accepts, the live cluster's without an application `of` which they are;
    `skip` leaves rules out by their ids."""
    from helpers.policies import lint as find

    return Findings(find(looking.world() if of is None else of, skip))


def suggest(
    *,
    declared: bool = True,
    observed: bool = False,
    since: float | Literal["reset"] = 0.0,
    egress: bool = True,
    style: str = "arrow",
    deny_unknown: bool = False,
    of: World | None = None,
) -> Suggestion:
    """Policies of least privilege for the live application, or the one `of` which they shall be, as a machine would
    write them. Applies nothing.

    `declared` reads the arrows from the Deployments, `observed` from the flow log's allowed connections, those from
    the moment `since` on (seconds, as `time.time()` gives them, or "reset": the last `lab.reset()`); `style` is
    "arrow" (one policy an arrow) or "workload" (one a workload). Only the course's namespaces get policies, and a
    workload of which no arrow is found gets none unless `deny_unknown`. Where no flow log can be read, that is printed.
    Raises LabError for a choice that there isn't.
    """
    from helpers.policies.writing.suggesting import STYLES
    from helpers.policies.writing.suggesting import suggest as write

    if style not in STYLES:
        raise LabError(
            f"There is no style {style!r}: choose {STYLES[0]!r} (one policy an arrow) or {STYLES[1]!r} (one "
            "a workload)."
        )
    if since != "reset" and not isinstance(since, int | float):
        raise LabError(
            f'since={since!r} is no moment: give "reset" (the last lab.reset()), or seconds as time.time() gives them.'
        )
    first = looking.moment(changes.begun() if since == "reset" else since)
    log = looking.flows() if observed else None
    flows: Any = None if log is None else [flow for flow in log if str(flow["time"]) >= first]
    found = write(
        looking.world() if of is None else of,
        flows,
        declarations=declared,
        egress=egress,
        style=style,
        namespaces=belonging.course_namespaces(session.current()) if of is None else None,
        deny_unknown=deny_unknown,
    )
    if log is None or not log.missing:
        return found
    print(log.nobody)
    return replace(found, notes=(log.nobody, *found.notes))
