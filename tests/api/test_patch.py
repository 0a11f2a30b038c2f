"""Patches: RFC 7386, strategic merge by the kinds' own keys, JSON patch."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.shapes import patch
from helpers.localcluster.api.shapes.schema import Type

POD_SPEC = Type.parse("PodSpec")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@pytest.mark.parametrize(
    ("current", "change", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_by_the_examples_of_the_standard(current: Any, change: Any, result: Any) -> None:
    assert patch.merge(current, change) == result


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return value


@given(OBJECTS, OBJECTS)
def test_merging_is_idempotent_and_leaves_its_arguments_alone(current: Any, change: Any) -> None:
    before = repr(current), repr(change)
    merged = patch.merge(current, change)
    assert patch.merge(merged, change) == merged
    assert patch.merge({}, change) == without_nulls(change)
    assert (repr(current), repr(change)) == before


def containers(*items: dict[str, Any], **directives: Any) -> dict[str, Any]:
    return {"containers": [*items], **directives}


@pytest.mark.parametrize(
    ("current", "change", "result"),
    [
        pytest.param(
            containers({"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}),
            containers({"name": "a", "image": "2"}),
            containers({"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}),
            id="an item merges by its key and keeps what the patch leaves out",
        ),
        pytest.param(
            containers({"name": "a"}), containers({"name": "b"}), containers({"name": "a"}, {"name": "b"}), id="append"
        ),
        pytest.param(
            containers({"name": "a"}, {"name": "b"}),
            containers({"name": "a", "$patch": "delete"}),
            containers({"name": "b"}),
            id="delete an item",
        ),
        pytest.param(
            containers({"name": "a", "image": "1"}),
            containers({"$patch": "replace"}, {"name": "c"}),
            containers({"name": "c"}),
            id="replace a list",
        ),
        pytest.param(
            containers({"name": "a"}, {"name": "b"}),
            containers(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
            containers({"name": "b"}, {"name": "a"}),
            id="put in order",
        ),
        pytest.param(
            {"nodeSelector": {"a": "1", "b": "2"}},
            {"nodeSelector": {"a": None}},
            {"nodeSelector": {"b": "2"}},
            id="null",
        ),
        pytest.param(
            {"securityContext": {"runAsUser": 1}},
            {"securityContext": {"$patch": "replace", "runAsGroup": 2}},
            {"securityContext": {"runAsGroup": 2}},
            id="replace an object",
        ),
        pytest.param(
            {"volumes": [{"name": "v", "emptyDir": {}}]},
            {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]},
            {"volumes": [{"name": "v", "configMap": {"name": "c"}}]},
            id="retain keys",
        ),
        pytest.param(
            {"tolerations": [{"key": "a"}]},
            {"tolerations": [{"key": "b"}]},
            {"tolerations": [{"key": "b"}]},
            id="a list without a key is replaced",
        ),
    ],
)
def test_strategic_merge(current: Any, change: Any, result: Any) -> None:
    before = repr(current)
    assert patch.strategic(current, change, POD_SPEC) == result
    assert repr(current) == before


def test_sets_of_plain_values_merge() -> None:
    meta = Type.parse("ObjectMeta")
    assert patch.strategic({"finalizers": ["a"]}, {"finalizers": ["b", "a"]}, meta) == {"finalizers": ["a", "b"]}
    change = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert patch.strategic({"finalizers": ["a", "b"]}, change, meta) == {"finalizers": ["b"]}


def test_an_item_without_its_key_is_refused() -> None:
    with pytest.raises(ApiError, match="merge key: name"):
        patch.strategic(containers({"name": "a"}), containers({"image": "x"}), POD_SPEC)


@pytest.mark.parametrize("kind", [patch.STRATEGIC, patch.MERGE, patch.JSON])
def test_a_patch_of_the_wrong_shape_is_refused(kind: str) -> None:
    wrong: Any = {"a": "b"} if kind == patch.JSON else ["a"]
    current = {"metadata": {}}
    if kind == patch.MERGE:
        assert patch.apply(kind, current, wrong, POD_SPEC) == ["a"]  # decoding refuses it
    else:
        with pytest.raises(ApiError):
            patch.apply(kind, current, wrong, POD_SPEC)


def test_json_patch_changes_a_copy() -> None:
    current = {"spec": {"a": [1, 2]}}
    done = patch.apply(patch.JSON, current, [{"op": "remove", "path": "/spec/a/0"}], POD_SPEC)
    assert (done, current) == ({"spec": {"a": [2]}}, {"spec": {"a": [1, 2]}})
    with pytest.raises(ApiError) as refusal:
        patch.apply(patch.JSON, current, [{"op": "test", "path": "/spec/a", "value": 3}], POD_SPEC)
    assert refusal.value.code == 422


DOUBLING = [{"op": "copy", "from": "", "path": f"/a{number}"} for number in range(40)]
LARGE = {"data": {"a": "x" * 1_000_000}}


@pytest.mark.parametrize(
    ("kind", "current", "change"),
    [
        pytest.param(patch.JSON, {"a": {"b": "c"}}, DOUBLING, id="doubled forty times"),
        pytest.param(
            patch.JSON,
            LARGE,
            [{"op": "copy", "from": "/data/a", "path": f"/data/{n}"} for n in range(900)],
            id="copied 900 times",
        ),
        pytest.param(patch.JSON, LARGE, [{"op": "add", "path": "/data/b", "value": "x" * 2_500_000}], id="added to"),
        pytest.param(patch.MERGE, LARGE, {"data": {"b": "x" * 2_500_000}}, id="merged"),
        pytest.param(patch.STRATEGIC, LARGE, {"data": {"b": "x" * 2_500_000}}, id="merged by its type"),
    ],
)
def test_what_a_patch_makes_is_bounded(kind: str, current: Any, change: Any) -> None:
    begun = time.monotonic()
    with pytest.raises(ApiError, match="larger than 3 MiB") as refusal:
        patch.apply(kind, current, change, Type.parse("ConfigMap"))
    assert refusal.value.code == 413 and time.monotonic() - begun < 15


def test_copies_that_stay_small_are_welcome() -> None:
    copies = [{"op": "copy", "from": "/data/a", "path": f"/data/b{number}"} for number in range(50)]
    assert len(patch.apply(patch.JSON, {"data": {"a": "x"}}, copies, Type.parse("ConfigMap"))["data"]) == 51


@pytest.mark.parametrize(
    "change",
    [
        {"containers": [{"name": f"c{number}", "image": "x"} for number in range(20_000)]},
        {"$setElementOrder/containers": [{"name": f"c{number}"} for number in range(20_000)]},
    ],
)
def test_long_lists_merge_in_linear_time(change: Any) -> None:
    current = containers(*({"name": f"c{number}"} for number in range(20_000)))
    begun = time.monotonic()
    patch.strategic(current, change, POD_SPEC)
    assert time.monotonic() - begun < 15


def test_items_that_share_a_key_are_deleted_one_by_one() -> None:
    current = containers({"name": "a", "image": "1"}, {"name": "a", "image": "2"}, {"name": "b"})
    gone = {"name": "a", "$patch": "delete"}
    left = containers({"name": "a", "image": "2"}, {"name": "b"})
    assert patch.strategic(current, containers(gone), POD_SPEC) == left
    assert patch.strategic(current, containers(gone, gone, gone), POD_SPEC) == containers({"name": "b"})


@pytest.mark.parametrize("kind", patch.APPLY)
def test_server_side_apply_is_refused_with_the_way_out(kind: str) -> None:
    with pytest.raises(ApiError, match="use `kubectl apply` without --server-side"):
        patch.check(kind)


def test_unknown_patch_types_are_refused() -> None:
    with pytest.raises(ApiError) as refusal:
        patch.check("application/json")
    assert refusal.value.code == 415
