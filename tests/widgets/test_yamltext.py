"""Reading what a person types: every fault at its line, never an exception; and writing policies tidily."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.display.widgets import yamltext

GOOD = """\
# who may call shipping
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: shipping-allow-checkout
spec:
  podSelector:
    matchLabels:
      app: shippingservice
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: checkoutservice
    ports:
    - port: 50051
"""
INGRESS = sorted((Path(__file__).parents[2] / "notebooks/policies/ingress").glob("*-allow-*.yaml"))


def marks(text: str) -> list[tuple[int, int, str]]:
    return [(mark.span.line, mark.span.column, mark.message) for mark in yamltext.read(text).marks]


def test_a_good_policy_has_no_marks_and_gets_the_defaults():
    reading = yamltext.read(GOOD)
    assert reading.sound and reading.marks == ()
    (policy,) = reading.policies
    assert policy["metadata"]["namespace"] == "default"
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": 50051, "protocol": "TCP"}]


def test_every_field_has_its_place():
    (document,) = yamltext.read(GOOD).documents
    assert document.span("spec.ingress[0].ports[0].port") == yamltext.Span(16, 7, 18)
    assert document.span("spec.podSelector.matchLabels.app") == yamltext.Span(9, 7, 27)
    assert document.span("spec.ingress[0].from[0].podSelector.matchLabels").line == 13
    assert document.span("spec.egress[0].to[1]") == document.span("spec")
    assert document.span("nowhere") == document.span("")


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "message"),
    [
        ("port: 50051", "port: 70000", 16, 7, "must be between 1 and 65535"),
        ("  podSelector:", "  podSelecter:", 7, 3, 'unknown field "spec.podSelecter"'),
        ("  ingress:", "  policyTypes: [Inbound]\n  ingress:", 10, 17, 'supported values: "Ingress", "Egress"'),
        ("kind: NetworkPolicy", "kind: NetworkPolice", 3, 1, "kind is 'NetworkPolice'"),
        ("kind: NetworkPolicy\n", "", 2, 1, "kind is missing"),
        ("  name: shipping-allow-checkout", "  name: Shipping", 5, 3, "metadata.name"),
        ("    ports:", "   ports:", 15, 0, "no valid YAML"),
        ("    ports:", "\tports:", 15, 1, "tab character"),
        ("    - port: 50051", "    - port: 50051\n      port: 1", 17, 1, '"port" is there twice'),
        ("  podSelector:", "  podSelector: &a {}\n  other: *b", 8, 0, "*b has no anchor"),
    ],
)
def test_a_fault_is_marked_at_its_line(old, new, line, column, message):
    text = GOOD.replace(old, new, 1)
    found = marks(text)
    assert found and message in found[0][2], found
    assert found[0][0] == line
    assert not column or found[0][1] == column
    assert not yamltext.read(text).sound and yamltext.read(text).policies == ()


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n---\n"])
def test_nothing_written_is_nothing_wrong(text):
    assert yamltext.read(text) == yamltext.Reading((), ())


@pytest.mark.parametrize(
    "text", ["5", "- a\n- b", "just words", "{" * 3000, "[" * 3000 + "]" * 3000, "a: b: c", "\x00", "!!python/x {}"]
)
def test_odd_text_is_a_mark_and_not_an_exception(text):
    assert yamltext.read(text).marks[0].severity == "error"


def test_hostile_text_is_refused_and_quickly():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text in (bomb, "&a [*a]", "a: &a {b: *a}"):
        assert not yamltext.read(text).sound


@given(st.text(max_size=200) | st.text(alphabet="{}[]:-&*!|> \n\tab#'\"", max_size=80))
def test_no_text_raises(text):
    yamltext.read(text)


@pytest.mark.parametrize("cut", range(0, len(GOOD), 7))
def test_no_half_typed_policy_raises(cut):
    yamltext.read(GOOD[:cut])


@pytest.mark.parametrize("path", INGRESS, ids=lambda path: path.stem)
def test_writing_and_reading_again_keeps_a_policy(path):
    text = path.read_text()
    value = yaml.safe_load(text)
    assert yaml.safe_load(yamltext.write(value)) == value
    assert yamltext.write(value, text[: text.index("apiVersion")]) == text


def test_a_live_object_loses_what_the_cluster_added():
    live = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "a",
            "namespace": "b",
            "uid": "1",
            "resourceVersion": "9",
            "managedFields": [],
            "labels": {"x": "y"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "why": "because"},
        },
        "spec": {"podSelector": {}},
    }
    assert yamltext.clean(live)["metadata"] == {
        "name": "a",
        "namespace": "b",
        "labels": {"x": "y"},
        "annotations": {"why": "because"},
    }


def test_splitting_and_joining_texts():
    both = yamltext.join([GOOD, "# second\n" + GOOD])
    assert yamltext.split(both) == [GOOD, "# second\n" + GOOD]
    assert yamltext.split("---\n# nothing\n---\n") == []
    assert len(yamltext.read(both).documents) == 2
    assert yamltext.read(both).documents[1].span("spec.ingress[0].ports[0].port").line == 16 + 2 + 16
