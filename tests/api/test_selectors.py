"""Selectors in queries and in objects."""

from __future__ import annotations

import pytest

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.kinds import EVENTS, NODES, PODS
from helpers.localcluster.api.requests.selectors import format, matches, parse_labels, selection

OBJ = {"metadata": {"name": "web-1", "namespace": "default", "labels": {"app": "web", "empty": ""}}}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        (" ", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("tier!=front", True),
        ("app in (web, api)", True),
        ("app in (api)", False),
        ("app notin (api)", True),
        ("tier notin (front)", True),
        ("app", True),
        ("tier", False),
        ("!tier", True),
        ("! app", False),
        ("empty=", True),
        ("tier=", False),
        ("app in (web),!tier,empty", True),
        ("app=web,tier=front", False),
    ],
)
def test_labels(text: str, selected: bool) -> None:
    match = selection(PODS, text, None)
    assert (match is None or match(OBJ)) == selected


@pytest.mark.parametrize("text", ["((", "app in (a", "a b", "=web", "app in", "a,,b", ")", "a=b=c d", "x" * 9000])
def test_labels_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_labels(text)
    assert refusal.value.code == 400


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("metadata.name=web-1", True),
        ("metadata.name!=web-1", False),
        ("metadata.namespace==default", True),
        ("status.phase=Running", False),
        ("status.phase=", True),
        ("spec.hostNetwork=false", True),
    ],
)
def test_fields(text: str, selected: bool) -> None:
    obj = {**OBJ, "spec": {"hostNetwork": False}}
    match = selection(PODS, None, text)
    assert match and match(obj) == selected


def test_fields_that_a_kind_does_not_have() -> None:
    with pytest.raises(ApiError, match=r"field label not supported: spec\.color"):
        selection(PODS, None, "spec.color=red")
    with pytest.raises(ApiError, match="can't understand"):
        selection(PODS, None, "nothing")


def test_odd_fields() -> None:
    event = {**OBJ, "source": {"component": "kubelet"}}
    match = selection(EVENTS, None, "source=kubelet")
    assert match and match(event)
    node = {**OBJ, "spec": {"unschedulable": True}}
    match = selection(NODES, None, "spec.unschedulable=true")
    assert match and match(node)


def test_selectors_of_objects() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "DoesNotExist"},
            {"key": "empty", "operator": "Exists"},
            {"key": "app", "operator": "In", "values": ["b", "web"]},
        ],
    }
    labels = OBJ["metadata"]["labels"]
    assert isinstance(labels, dict)
    assert matches(selector, labels)
    assert not matches(selector, {"app": "web"})
    assert matches(None, {}) and matches({}, None)
    assert format(selector) == "app in (b,web),app=web,empty,!tier"
    assert format({}) == "<none>"
