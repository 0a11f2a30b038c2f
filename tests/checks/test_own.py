"""The task of notebook 11: the natural wrong answers and the cunning ones each get their own hint."""

from typing import Any

import pytest
import yaml

from helpers.lab.course.checks import Situation, judge, solution

NAMES: dict[str, Any] = {}
exec(solution("11-own").text, NAMES)
MINE: str = NAMES["mine"]


def answer(given: str) -> Any:
    return judge("11-own", Situation((), given))


def changed(name: str, **spec: Any) -> str:
    """The solution with one policy's spec changed."""
    items = list(yaml.safe_load_all(MINE))
    for item in items:
        if item["metadata"]["name"] == name:
            item["spec"] |= spec
    return yaml.safe_dump_all(items)


def test_the_solution_passes() -> None:
    assert answer(MINE).passed


SEATS = {"podSelector": {"matchLabels": {"app": "seats"}}}
TICKETS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tickets"}}}
CACHE = [{"port": 6379}]


@pytest.mark.parametrize(
    ("given", "mistake", "said"),
    [
        ("", "nothing-yet", "`mine`"),
        ("kind: [", "unreadable", "can't be read"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "unreadable", "something else"),
        (MINE.replace("port: 8000", "port: 80000"), "rejected", "65535"),
        (MINE.replace(", namespace: tickets}", "}"), "namespace", "metadata.namespace"),
        (MINE.partition("---")[0], "cut", "3 needed calls are still cut"),
        (MINE.replace("port: 8000", "port: 80"), "cut", "1 needed call is still cut"),
        (MINE.replace("    - podSelector: {matchLabels: {app: reminders}}\n", ""), "cut", "reminders"),
        (changed("cache", ingress=[{"from": [TICKETS, SEATS], "ports": CACHE}]), "open", "tickets-data/cache"),
        (changed("cache", ingress=[{}]), "open", "tickets-data/cache"),
        (changed("cache", ingress=[{"from": [{**TICKETS, **SEATS}]}]), "open", "TCP 9999"),
        (changed("cache", ingress=[{"from": [{"namespaceSelector": {}, **SEATS}], "ports": CACHE}]), "open", "cache"),
        (changed("mailer", policyTypes=["Egress"], egress=[{}]), "open", "tickets/mailer"),
        (changed("database", podSelector={"matchLabels": {"app": "databases"}}), "open", "tickets-data/database"),
    ],
)
def test_a_wrong_answer_gets_its_hint(given: str, mistake: str, said: str) -> None:
    found = answer(given)
    assert (found.mistake, said in found.text) == (mistake, True), found.text
