"""The course's tasks: what each "your turn" asks of the cluster. The names begin with the notebook's number."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from helpers.lab.cluster import belonging
from helpers.lab.course.checks.answers import Answer, done, hint
from helpers.lab.course.checks.bank import bank
from helpers.lab.course.checks.collector import collector
from helpers.lab.course.checks.endings import endings
from helpers.lab.course.checks.examined import closed_by_default, currency, rates, recommendation, tools
from helpers.lab.course.checks.goals import Goal
from helpers.lab.course.checks.own import own
from helpers.lab.course.checks.securing import secured
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.whole import collection, least

Task = Callable[[Situation], Answer]

# What the order form and the load generator fill in, here and upstream.
SUGGESTED = frozenset({"visitor@example.com", "someone@example.com"})
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w")


def sandbox(situation: Situation) -> Answer:
    """Notebook 00: a namespace `sandbox` with the label team=blue."""
    name = belonging.namespace("sandbox")
    namespace = situation.named("Namespace", name)
    if namespace is None:
        strays = [
            found["metadata"]["name"]
            for found in situation.of_kind("Namespace")
            if "team" in (labels := found["metadata"].get("labels") or {})
            and labels.get(belonging.SEAT) in (None, belonging.namespace())
        ]
        if strays:
            return hint("elsewhere", f"The label is on the namespace `{strays[0]}`; there is no namespace `{name}`.")
        return hint("nothing-yet", f"There is no namespace `{name}` so far.")
    labels = namespace["metadata"].get("labels") or {}
    if "team" not in labels:
        near = next((key for key in labels if key.lower() == "team"), None)
        if near:
            return hint("label-key", f"The label's key is `{near}`. Capitals count: it should be `team`.")
        return hint("no-label", "The namespace is there, its label `team` isn't.")
    if labels["team"] != "blue":
        return hint(
            "label-value",
            f"The label `team` has the value `{labels['team']}`. To replace it, `kubectl label` wants `--overwrite`.",
        )
    return done(f"The namespace `{name}` carries `team=blue`.")


def order(situation: Situation) -> Answer:
    """Notebook 01: an order with an address of the learner's own, confirmed in emailservice's log."""
    if situation.named("Deployment", "emailservice") is None:
        return hint("no-shop", "The shop isn't deployed. `lab.deploy()` brings it.")
    found = {address for address in ADDRESS.findall(situation.log("emailservice"))}
    own = sorted(found - SUGGESTED)
    if own:
        return done(f"emailservice confirmed an order to `{own[-1]}`.")
    if found:
        return hint(
            "suggested-address",
            "There are confirmations in emailservice's log, all of them to the address "
            "that the form suggests; the load generator shops too. Place an order with another address, and "
            "you can tell yours apart.",
        )
    return hint("nothing-yet", "No order was confirmed so far. Put something into the cart, and place the order there.")


def arrow(situation: Situation) -> Answer:
    """Notebook 02: the three facts about loadgenerator → frontend."""
    given: Mapping[str, Any] = situation.given if isinstance(situation.given, Mapping) else {}
    source, target = (str(given.get(key, "app=...")).replace(" ", "") for key in ("who calls", "who is called"))
    if "app=..." in (source, target):
        return hint("nothing-yet", "Fill in both labels and the port, run that cell, and then this one.")
    for text in (source, target):
        problem = wrong_label(situation, text)
        if problem is not None:
            return problem
    ends = tuple(text.partition("=")[2] for text in (source, target))
    if ends == ("frontend", "loadgenerator"):
        return hint("turned-round", "The other way round: the load generator is the one that calls.")
    if ends != ("loadgenerator", "frontend"):
        return hint(
            "other-arrow", f"That would be the arrow {ends[0]} → {ends[1]}. Asked for is loadgenerator → frontend."
        )
    problem = wrong_number(situation, given.get("port"))
    return done("Source, target and the pod's port are right.") if problem is None else problem


def wrong_label(situation: Situation, text: str) -> Answer | None:
    key, equals, value = text.partition("=")
    if not equals:
        return hint("not-a-label", f"`{text}` is not a label. A label has a key and a value: `app=...`.")
    if not any(pod.labels.get(key) == value for pod in situation.world.pods):
        return hint("label-unknown", f"No pod carries `{text}`. Look: `kubectl get pods --show-labels`.")
    return None


def wrong_number(situation: Situation, port: Any) -> Answer | None:
    """The pod's port of the frontend, as its Service in the cluster says."""
    ports = situation.world.service("frontend").ports
    if port in [found.target for found in ports]:
        return None
    if port in [found.number for found in ports]:
        return hint("service-port", f"{port} is the Service's port. A policy wants the one on which the pod listens.")
    if isinstance(port, str):
        return hint("port-text", "The port is a number: write it without quotes.")
    return hint("port", f"The frontend's pod doesn't listen on {port}. `TARGETPORT` in the list above says where.")


def goal(target: str, *callers: str, port: int) -> Task:
    wanted = Goal(target, callers, port)
    return lambda situation: secured(situation, wanted)


TASKS: dict[str, Task] = {
    "00-sandbox": sandbox,
    "01-order": order,
    "02-arrow": arrow,
    "03-payment": goal("paymentservice", "checkoutservice", port=50051),
    "04-cart": goal("cartservice", "frontend", "checkoutservice", port=7070),
    "05-arrows": collection,
    "05-collection": collection,
    "06-empty": endings,
    "06-collector": collector,
    "07-bank": bank,
    "07-exam-1": currency,
    "07-exam-2": closed_by_default,
    "07-exam-3": tools,
    "07-exam-4": recommendation,
    "07-exam-5": collection,
    "07-exam-6": rates,
    "08-redis": goal("redis-cart", "cartservice", port=6379),
    "09-least": least,
    "11-own": own,
}
