"""Each lint rule by its example: the mistake is found, and its advice, applied and judged again, closes what it named
and breaks nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
from support.judged import opened_and_closed

from helpers.cli.policies import main
from helpers.cli.policy_lint import example
from helpers.policies import Finding, World, lint, read
from helpers.policies.linting import RULES, about


class Advice(NamedTuple):
    """The field at fault, how grave that is, and what following the advice opens, closes and leaves open (patterns)."""

    path: str
    severity: str
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


CALL = ("web → db TCP 5432",)
FROM, SPEC = "spec.ingress[0].from[0]", "spec.ingress[0]"

ADVICE = {
    "rejected": Advice(f"{SPEC}.ports[0].port", "error", (), ("* → db *",), CALL),
    "old-api-version": Advice("apiVersion", "error", (), ("* → db *",), CALL),
    "selector-matches-nothing": Advice("spec.podSelector", "error", (), ("* → db *",), CALL),
    "wrong-namespace": Advice("metadata.namespace", "error", (), ("* → db *",), ("db → web TCP 8080",)),
    "namespace-matches-nothing": Advice(f"{FROM}.namespaceSelector", "warning", ("tool → web TCP 8080",)),
    "peer-matches-nothing": Advice(f"{FROM}.podSelector", "warning", CALL),
    "peer-in-other-namespace": Advice(f"{FROM}.podSelector", "error", ("tool → db TCP 5432",)),
    "one-dash": Advice(f"{SPEC}.from[1]", "warning", (), ("stranger → db TCP 5432",), ("tool → db TCP 5432",)),
    "selects-host-network": Advice("spec.podSelector", "warning", (), ("* → agent *",), ("agent → web TCP 8080",)),
    "peer-on-host-network": Advice(
        "spec.egress[1].to[0]", "warning", ("web → agent TCP 9100", "web → 172.18.0.2 TCP 9100")
    ),
    "redundant-policy": Advice("metadata.name", "note", (), (), ("web → db TCP 5432", "cart → db TCP 5432")),
    "unprotected-pods": Advice("metadata.name", "warning", (), ("* → web *",), CALL),
    "not-in-the-input": Advice("spec", "note", ("* → controller *", "controller → *", "* → coredns *", "coredns → *")),
    "service-port": Advice(f"{SPEC}.ports[0].port", "error", ("web → mail TCP 8080",), ("web → mail TCP 5000",)),
    "port-nobody-serves": Advice(f"{SPEC}.ports[0]", "warning", CALL, ("web → db TCP 5433",)),
    "port-name-unknown": Advice(f"{SPEC}.ports[0].port", "warning", ("web → cart TCP 7070",)),
    "port-name-for-address": Advice("spec.egress[1].ports[0].port", "error", ("web → 203.0.113.[78] TCP 443",)),
    "admin-port-open": Advice(
        f"{SPEC}.ports[1].port",
        "warning",
        (),
        ("[0-9]* → web TCP 22",),
        ("admin → web TCP 22", "203.0.113.7 → web TCP 8080"),
    ),
    "wide-port-range": Advice(
        f"{SPEC}.ports[0]", "note", (), ("db → web TCP 8000", "db → web TCP 9999"), ("db → web TCP 8080",)
    ),
    "types-left-out": Advice("spec.egress", "warning", ("* → web *",), (), CALL),
    "section-without-type": Advice("spec.ingress", "warning", (), ("* → db *",), CALL),
    "egress-deny-without-type": Advice("spec.egress", "warning", (), ("db → *",), CALL),
    "type-twice": Advice("spec.policyTypes[1]", "note", (), ("db → *",), CALL),
    "empty-list-allows-all": Advice(f"{SPEC}.from", "warning", (), ("* → db *",)),
    "allows-everything": Advice(SPEC, "note", (), ("* → db *",), CALL),
    "deny-in-name-only": Advice(SPEC, "warning", (), ("* → db *", "* → web *")),
    "deny-has-no-effect": Advice("spec.ingress", "warning", (), ("* → db *", "* → web *"), CALL),
    "reply-rule": Advice(f"{SPEC}.ports[0]", "warning", (), ("db → web TCP 32768", "db → web TCP 60999"), CALL),
    "block-on-pods": Advice(f"{FROM}.ipBlock", "warning", (), ("cart → db TCP 5432", "10.0.0.99 → db TCP 5432"), CALL),
    "block-on-service": Advice("spec.egress[1].to[0].ipBlock", "warning", CALL),
    "open-egress": Advice(
        "spec.egress[1]",
        "warning",
        (),
        ("web → [0-9]* TCP *", "web → db TCP 443"),
        ("web → 203.0.113.7 TCP 443", *CALL),
    ),
    "metadata-address": Advice(
        "spec.egress[1].to[0].ipBlock", "warning", (), ("web → 169.254.169.254 *",), ("web → 203.0.113.7 TCP 80",)
    ),
    "except-undone": Advice(
        f"{FROM}.ipBlock.except[0]",
        "warning",
        (),
        ("203.0.113.8 → web TCP 8080",),
        ("203.0.112.9 → web TCP 8080", "203.0.113.7 → web TCP 8080"),
    ),
    "inexact-cidr": Advice(f"{FROM}.ipBlock.cidr", "warning", (), (), ("203.0.113.7 → web TCP 8080",)),
    "load-balancer-source": Advice(f"{FROM}.ipBlock", "note", (), (), ("203.0.113.7 → web TCP 8080",)),
    "dns-cut-off": Advice("spec.egress", "error", ("web → coredns UDP 53", "web → coredns TCP 53"), (), CALL),
    "dns-without-tcp": Advice("spec.egress", "warning", ("web → coredns TCP 53",), (), ("web → coredns UDP 53",)),
    "node-local-dns": Advice("spec.egress", "warning", ("web → 169.254.20.10 *",), (), ("web → coredns UDP 53",)),
    "needed-call-denied": Advice(SPEC, "warning", ("backup → db TCP 5432",)),
    "members-cut-off": Advice("metadata.name", "note", ("search → search TCP 9300",)),
    "one-end": Advice("spec.egress[1].to[0]", "warning", CALL),
}


def texts(rule: str) -> tuple[str, str]:
    """The mistake and the mistake mended, each beside what is given."""
    shown = example(rule)
    return f"{shown.given}\n---\n{shown.wrong}", f"{shown.given}\n---\n{shown.right}"


def world(text: str) -> World:
    reading = read(text, "example.yaml")
    assert not reading.problems
    return World.of(reading.objects)


def found(text: str) -> list[Finding]:
    return lint(world(text))


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    assert list(RULES) and set(RULES) == set(ADVICE)
    assert all(about(rule).endswith(".") for rule in RULES)


@pytest.mark.parametrize("rule", ADVICE)
def test_the_mistake_is_found_and_nothing_but_it(rule: str) -> None:
    hits = [one for one in found(texts(rule)[0]) if one.id == rule]
    assert [(one.path, one.severity) for one in hits] == [ADVICE[rule][:2]]
    assert hits[0].file == "example.yaml" and hits[0].line and hits[0].mend


@pytest.mark.parametrize("rule", ADVICE)
def test_the_advice_leaves_nothing_to_say_and_brings_nothing_new(rule: str) -> None:
    wrong, right = texts(rule)
    before, after = ({one.id for one in found(text)} for text in (wrong, right))
    assert rule not in after and after <= before, after - before


@pytest.mark.parametrize("rule", ADVICE)
def test_the_advice_judged_again_does_what_it_says(rule: str) -> None:
    wrong, right = map(world, texts(rule))
    opened, closed, kept = opened_and_closed(wrong, right)
    advice = ADVICE[rule]
    for lines, patterns in ((opened, advice.opens), (closed, advice.closes)):
        strange = {line for line in lines if not any(fnmatchcase(line, pattern) for pattern in patterns)}
        assert not strange
        assert all(any(fnmatchcase(line, pattern) for line in lines) for pattern in patterns), lines
    assert set(advice.keeps) <= kept


@pytest.mark.parametrize("rule", ADVICE)
def test_a_rule_is_explained_by_its_example(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("lint", ["--explain", rule]) == 0
    said, shown = capsys.readouterr().out, example(rule)
    assert said.startswith(f"{rule}: {about(rule)}") and shown.wrong in said and shown.right in said
    assert main("lint", ["--explain", rule, "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["id"] == rule and answer["right"] == shown.right
    assert answer["finding"]["severity"] == ADVICE[rule].severity


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown"])
def test_the_rules_are_listed_without_an_input(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("lint", ["--rules", "-o", form]) == 0
    said = capsys.readouterr().out.replace("\\", "")  # as Markdown keeps marks from meaning something
    assert all(rule in said and about(rule).partition(",")[0] in said for rule in RULES)


@pytest.mark.parametrize(("rule", "words"), [("one-dahs", "did you mean one-dash?"), ("xyzzy", "lint --rules")])
@pytest.mark.parametrize("option", ["--explain", "--skip"])
def test_a_rule_that_there_is_not(option: str, rule: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("lint", [option, rule]) == 2
    assert words in capsys.readouterr().err


def test_what_is_said_of_the_input_alone_is_no_reason_to_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chart.yaml"
    file.write_text(texts("not-in-the-input")[0])
    assert main("lint", ["-f", str(file)]) == 0 and "[not-in-the-input]" in capsys.readouterr().out
    assert main("lint", ["-f", str(file), "--least", "warning"]) == 0 and not capsys.readouterr().out
    file.write_text(texts("redundant-policy")[0])
    assert main("lint", ["-f", str(file), "--skip", "unprotected-pods"]) == 1, "a note on a policy is a finding"
