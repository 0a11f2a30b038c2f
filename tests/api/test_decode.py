"""Bodies become objects: types, unknown fields, nulls, protobuf."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.kinds import RESOURCES
from helpers.localcluster.api.shapes import decode, protobuf, schema
from helpers.localcluster.api.shapes.schema import Type

POLICY = Type.parse("NetworkPolicy")
POD = Type.parse("Pod")


def refusal(value: Any, type: Type = POLICY, mode: str = "Strict") -> str:
    with pytest.raises(ApiError) as error:
        decode.decode(value, type, "v1", mode)
    assert error.value.code == 400
    return error.value.message


def test_unknown_fields_are_refused_reported_or_dropped() -> None:
    value = {"spec": {"podSelektor": {}, "ingress": [{"form": []}]}}
    paths = 'unknown field "spec.podSelektor", unknown field "spec.ingress[0].form"'
    assert refusal(value).endswith(f"strict decoding error: {paths}")
    for mode, warned in (("Warn", 2), ("", 2), ("Ignore", 0)):
        clean, warnings = decode.decode(value, POLICY, "v1", mode)
        assert (clean, len(warnings)) == ({"spec": {"ingress": [{}]}}, warned)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"spec": []}, "cannot unmarshal array into Go struct field NetworkPolicy.spec of type NetworkPolicySpec"),
        ({"spec": {"ingress": {}}}, "cannot unmarshal object into Go struct field NetworkPolicy.spec.ingress"),
        ({"spec": {"policyTypes": "Ingress"}}, "cannot unmarshal string"),
        (
            {"metadata": {"labels": {"a": 1}}},
            "cannot unmarshal number 1 into Go struct field NetworkPolicy.metadata.labels.a",
        ),
        ({"spec": {"ingress": [{"ports": [{"port": 1.5}]}]}}, "number 1.5 into Go struct field"),
        ({"spec": {"ingress": [{"ports": [{"port": True}]}]}}, "cannot unmarshal bool"),
        ({"spec": {"ingress": [{"ports": [{"port": 1 << 40}]}]}}, "of type intstr.IntOrString"),
        ({"metadata": {"creationTimestamp": "yesterday"}}, "of type Time"),
        ("text", "the body is no object"),
    ],
)
def test_wrong_types_are_told_with_their_path(value: Any, said: str) -> None:
    assert said in refusal(value)


def test_null_is_as_good_as_absent_and_empty_in_a_list() -> None:
    """`ingress:` with a lone dash is one empty rule, and an empty rule allows everything."""
    value = {"metadata": {"creationTimestamp": None}, "spec": {"podSelector": None, "ingress": [None]}}
    clean, _ = decode.decode(value, POLICY, "v1", "Strict")
    assert clean == {"metadata": {}, "spec": {"ingress": [{}]}}


def test_required_fields_are_found_by_path() -> None:
    value = {"spec": {"containers": [{"image": "x", "ports": [{}]}]}}
    assert decode.missing(value, POD) == ["spec.containers[0].name", "spec.containers[0].ports[0].containerPort"]


def test_fields_given_twice_are_found() -> None:
    value, twice = decode.parse_json(b'{"a": {"b": 1, "b": 2}}')
    assert (value, twice) == ({"a": {"b": 2}}, ["b"])
    with pytest.raises(ApiError, match='duplicate field "b"'):
        decode.decode({}, POLICY, "v1", "Strict", ["b"])


def test_half_of_a_surrogate_pair_can_be_stored() -> None:
    assert decode.parse_json(b'{"\\ud800": ["\\udfff", 1]}')[0] == {"?": ["?", 1]}


# -- protobuf -----------------------------------------------------------------


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value & ((1 << 64) - 1))
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


def envelope(kind: str, body: bytes, version: str = "v1") -> bytes:
    return (
        protobuf.MAGIC + field(1, field(1, version) + field(2, kind)) + field(2, body) + field(3, b"") + field(4, b"")
    )


def test_a_service_in_protobuf() -> None:
    meta = field(1, "web") + field(7, 0) + field(8, b"") + field(11, field(1, "app") + field(2, "web"))
    by_number = field(3, 80) + field(4, field(1, 0) + field(2, 8080) + field(3, ""))
    by_name = field(1, "named") + field(3, 81) + field(4, field(1, 1) + field(2, 0) + field(3, "http")) + field(5, 0)
    spec = field(1, by_number) + field(1, by_name) + field(3, "") + field(4, "ClusterIP") + field(13, 0)
    assert protobuf.decode(envelope("Service", field(1, meta) + field(2, spec) + field(3, field(1, b"")))) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "type": "ClusterIP",
            "ports": [{"port": 80, "targetPort": 8080}, {"name": "named", "port": 81, "targetPort": "http"}],
        },
        "status": {"loadBalancer": {}},
    }


def test_bytes_numbers_and_zeros() -> None:
    secret = field(2, field(1, "key") + field(2, b"\x00\xff"))
    assert protobuf.decode(envelope("Secret", secret))["data"] == {"key": base64.b64encode(b"\x00\xff").decode()}
    template = protobuf.decode(envelope("Deployment", field(2, field(1, 0) + field(5, 0))))["spec"]
    assert template == {"replicas": 0}, "replicas is a pointer in Go, minReadySeconds isn't"
    assert protobuf.decode(envelope("DeleteOptions", field(1, -1)))["gracePeriodSeconds"] == -1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "does not start"),
        (b"k8s", "does not start"),
        (protobuf.MAGIC, "kind ''"),
        (envelope("Lease", b""), "not part of this lab"),
        (envelope("ObjectMeta", b""), "not part of this lab"),
        (envelope("Namespace", b"\xff"), "middle of a number"),
        (envelope("Namespace", b"\xff" * 20), "too long"),
        (envelope("Namespace", b"\x0a\x05ab"), "middle of a field"),
        (envelope("Namespace", b"\x0b"), "wire type 3"),
        (envelope("Namespace", field(1, 5)), "not a number"),
        (envelope("Namespace", field(1, field(1, b"\xff\xfe"))), "decode byte"),
        (envelope("Namespace", field(1, field(99, "new"))), "field 99 of ObjectMeta"),
        (envelope("ConfigMap", field(2, 7)), "not a number"),
        (envelope("Scale", field(2, field(1, "x"))), "a number was expected"),
        (envelope("ConfigMap", field(2, b"\x0d" + struct.pack("<I", 1))), ""),
    ],
)
def test_malformed_protobuf_is_told(body: bytes, said: str) -> None:
    if said:
        with pytest.raises(protobuf.Malformed, match=said):
            protobuf.decode(body)
    else:
        protobuf.decode(body)


KINDS = sorted(resource.kind for resource in RESOURCES.values() if not resource.virtual)


@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_random_protobuf_is_decoded_or_malformed(body: bytes, kind: str) -> None:
    with contextlib.suppress(protobuf.Malformed):
        protobuf.decode(envelope(kind, body))
    with contextlib.suppress(protobuf.Malformed):
        protobuf.decode(protobuf.MAGIC + body)


def encoded(value: Any, type: Type) -> int | bytes:
    """A value as a Go client writes it."""
    if type.name in ("integer", "boolean"):
        return int(value)
    if type.name == "string":
        return str(value).encode()
    if type.name == "bytes":
        return base64.b64decode(value)
    if type.name == "time":
        return field(1, int(datetime.fromisoformat(value).timestamp())) + field(2, 0)
    if type.name == "Quantity":
        return field(1, value)
    if type.name == "IntOrString":
        return field(1, 1) + field(3, value) if isinstance(value, str) else field(1, 0) + field(2, value)
    if type.name == "any":
        return field(1, json.dumps(value))
    return message(value, schema.structure(type.name))


def message(value: dict[str, Any], known: schema.Structure) -> bytes:
    """A structure as a Go client writes it, with the fields that JSON has no structure of its own for."""
    body = b""
    for number, wire in known.wire.items():
        if not wire.name:
            body += field(number, message(value, schema.structure(wire.type.name)))
        elif wire.name not in value:
            continue
        elif wire.type.shape == "list":
            body += b"".join(field(number, encoded(item, wire.type.item)) for item in value[wire.name])
        elif wire.type.shape == "map":
            for key, item in value[wire.name].items():
                body += field(number, field(1, key) + field(2, encoded(item, wire.type.item)))
        else:
            body += field(number, encoded(value[wire.name], wire.type))
    return body


VALUES = {
    "integer": st.integers(1, 1 << 31), "boolean": st.just(True), "string": st.text(min_size=1, max_size=4),
    "bytes": st.just("AP8="), "time": st.just("2026-01-31T08:00:00Z"), "Quantity": st.just("100m"),
    "IntOrString": st.sampled_from((8080, "http", "25%")), "any": st.just({"a": [1, None]}),
}  # fmt: skip


def values(type: Type, depth: int) -> st.SearchStrategy[Any]:
    if type.item and type.shape == "list":
        return st.lists(values(type.item, depth), min_size=1, max_size=2)
    if type.item:
        return st.dictionaries(st.sampled_from(("a", "b/c")), values(type.item, depth), min_size=1)
    return VALUES[type.name] if type.name in VALUES else structures(type.name, depth)


def structures(name: str, depth: int = 5) -> st.SearchStrategy[Any]:
    """Objects with some of a structure's fields, without those that only JSON spells out."""
    known = schema.structure(name)
    named = {label: type for label, type in known.fields.items() if label not in ("apiVersion", "kind")}
    usable = {label: type for label, type in named.items() if depth or type.name in VALUES}
    return st.lists(st.sampled_from(sorted(usable)), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({label: values(usable[label], max(0, depth - 1)) for label in chosen})
    ) if usable else st.just({})  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "CustomResourceDefinition"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_kind_travels_in_protobuf(kind: str, data: st.DataObject) -> None:
    obj = data.draw(structures(kind))
    body = message(obj, schema.structure(kind))
    assert protobuf.decode(envelope(kind, body)) == {"apiVersion": "v1", "kind": kind, **obj}
