"""Bodies become objects: types, unknown fields, nulls, protobuf."""

from __future__ import annotations

import base64
import contextlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.localcluster.api import decode, protobuf
from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.schema import Type

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
    }


def test_bytes_numbers_and_zeros() -> None:
    secret = field(2, field(1, "key") + field(2, b"\x00\xff"))
    assert protobuf.decode(envelope("Secret", secret))["data"] == {"key": base64.b64encode(b"\x00\xff").decode()}
    assert protobuf.decode(envelope("Scale", field(2, field(1, 0))))["spec"] == {"replicas": 0}
    assert protobuf.decode(envelope("DeleteOptions", field(1, -1)))["gracePeriodSeconds"] == -1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "does not start"),
        (b"k8s", "does not start"),
        (protobuf.MAGIC, "kind ''"),
        (envelope("Pod", b""), "only taken as JSON"),
        (envelope("ObjectMeta", b""), "only taken as JSON"),
        (envelope("Namespace", b"\xff"), "middle of a number"),
        (envelope("Namespace", b"\xff" * 20), "too long"),
        (envelope("Namespace", b"\x0a\x05ab"), "middle of a field"),
        (envelope("Namespace", b"\x0b"), "wire type 3"),
        (envelope("Namespace", field(1, 5)), "not a number"),
        (envelope("Namespace", field(1, field(1, b"\xff\xfe"))), "decode byte"),
        (envelope("Namespace", field(1, field(13, "owner"))), "field 13 of ObjectMeta"),
        (envelope("ConfigMap", field(2, 7)), "map entry"),
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


@given(st.binary(max_size=200), st.sampled_from(sorted(protobuf.MESSAGES)))
def test_random_protobuf_is_decoded_or_malformed(body: bytes, kind: str) -> None:
    with contextlib.suppress(protobuf.Malformed):
        protobuf.decode(envelope(kind, body))
    with contextlib.suppress(protobuf.Malformed):
        protobuf.decode(protobuf.MAGIC + body)
