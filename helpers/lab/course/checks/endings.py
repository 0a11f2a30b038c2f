"""Notebook 06's prediction: who gets in, for seven ways to end a policy. The engine knows the answers, no list does."""

from collections.abc import Mapping
from typing import Any

from helpers.lab.course.checks.answers import Answer, done, hint
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import ELSEWHERE, NEWCOMER, invented
from helpers.policies import World, home
from helpers.policies.model.addresses import OUTSIDE

_ISOLATED: Mapping[str, Any] = {"policyTypes": ["Ingress"]}
ENDINGS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "a": ("no `ingress` at all", _ISOLATED),
    "b": ("`ingress: []`", {**_ISOLATED, "ingress": []}),
    "c": ("`ingress: [{}]`", {**_ISOLATED, "ingress": [{}]}),
    "d": ("`from: []`", {**_ISOLATED, "ingress": [{"from": []}]}),
    "e": ("`from: [{podSelector: {}}]`", {**_ISOLATED, "ingress": [{"from": [{"podSelector": {}}]}]}),
    "f": ("`from: [{namespaceSelector: {}}]`", {**_ISOLATED, "ingress": [{"from": [{"namespaceSelector": {}}]}]}),
    "g": ("no `policyTypes`, no `ingress`", {}),
}
"""What the policy says, and the rest of its `spec`, by the letter in the notebook."""

_WHO = {
    (False, False, False): "nobody",
    (True, False, False): "this namespace",
    (True, True, False): "all namespaces",
    (True, True, True): "everyone",
}
WORDS = tuple(_WHO.values())


def let_in(letter: str) -> str:
    """Whom a policy that ends so lets in, in one of the `WORDS`."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "ending", "namespace": home.namespace()},
        "spec": {"podSelector": {}, **ENDINGS[letter][1]},
    }
    target = invented(home.namespace(), NEWCOMER)
    callers = (invented(home.namespace(), {}), invented(ELSEWHERE, {}), OUTSIDE)
    world = World.of([policy])
    same, elsewhere, outside = (bool(world.judge(caller, target, 8080)) for caller in callers)
    return _WHO[same, elsewhere, outside]


def endings(situation: Situation) -> Answer:
    """Notebook 06: the seven predictions, one of the words for each letter."""
    given: Mapping[str, Any] = situation.given if isinstance(situation.given, Mapping) else {}
    said = {letter: str(given.get(letter, "")).strip().lower() for letter in ENDINGS}
    empty = [letter for letter, word in said.items() if not word or word == "..."]
    if empty:
        return hint("nothing-yet", f"Write one of {', '.join(WORDS)} for each letter; {empty[0]} is still empty.")
    strange = next((letter for letter, word in said.items() if word not in WORDS), None)
    if strange is not None:
        return hint("no-such-word", f"For {strange} you wrote {said[strange]!r}. Choose one of: {', '.join(WORDS)}.")
    wrong = [letter for letter, word in said.items() if word != let_in(letter)]
    if not wrong:
        return done("All seven are right. Few people manage that at the first try.")
    if not situation.again:
        count = f"{len(wrong)} of the {len(ENDINGS)} {'is' if len(wrong) == 1 else 'are'} wrong."
        return hint("counted", f"{count} Think again, change what you doubt; the same check once more names one.")
    return hint("ending", f"{wrong[0]}: {ENDINGS[wrong[0]][0]} lets in {let_in(wrong[0])}, not {said[wrong[0]]}.")
