"""What travels: DNS messages, frames of datagrams, the names of sockets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from helpers.podnet import dns, names, places

LABEL = some.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)


@given(some.lists(LABEL, min_size=1, max_size=3), some.integers(0, 65535))
def test_a_question_is_read_as_it_was_asked(labels: list[str], number: int) -> None:
    name = ".".join(labels)
    message = dns.read(dns.question(number, name))
    assert (message.name, message.number, message.kind, message.answers) == (name, number, dns.TYPE_A, ())


@given(some.binary(max_size=200))
def test_what_is_no_message_is_said_to_be_none(data: bytes) -> None:
    with contextlib.suppress(dns.Malformed):
        dns.read(data)


@given(some.data())
def test_a_cut_answer_never_ends_in_a_loop_or_another_error(data: some.DataObject) -> None:
    whole = answer("web.default.svc.cluster.local", "10.96.0.7")
    place = data.draw(some.integers(0, len(whole) - 1))
    changed = bytearray(whole[: data.draw(some.integers(0, len(whole)))])
    if place < len(changed):
        changed[place] = data.draw(some.integers(0, 255))
    with contextlib.suppress(dns.Malformed):
        dns.read(bytes(changed))


def test_an_answer_names_the_address() -> None:
    message = dns.read(answer("web.default.svc.cluster.local", "10.96.0.7"))
    assert names.addresses(message) == ("10.96.0.7",)
    assert message.answers[0].name == "web.default.svc.cluster.local"


@pytest.mark.parametrize("name", ["a..b", "x" * 64, ".".join(["x" * 63] * 5), "bücher"])
def test_names_that_dns_cannot_carry(name: str) -> None:
    with pytest.raises(ValueError):
        dns.question(1, name)


def test_the_search_list_is_a_pod_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "team")
    assert [*names.search("web.shop")] == [
        "web.shop.team.svc.cluster.local",
        "web.shop.svc.cluster.local",
        "web.shop.cluster.local",
        "web.shop",
    ]
    assert [*names.search("web.shop.")] == ["web.shop"]
    assert next(names.search("a.b.c.d.e.f")) == "a.b.c.d.e.f"


@given(some.ip_addresses(v=4), some.integers(1, 65535))
def test_a_flow_s_socket_tells_who_sends(address: object, port: int) -> None:
    name = places.flow_name(str(address), port)
    for path in (f"/run/pods/12345678/{name}", f"\0lab-0a1b-{name}".encode()):
        assert places.flow_source(path) == (str(address), port)
    assert places.flow_source("/run/pods/12345678/80.sock") == places.flow_source("") == ("", 0)


def answer(name: str, address: str) -> bytes:
    asked = dns.question(7, name)
    head = dns.HEADER.pack(7, dns.RESPONSE, 1, 1, 0, 0)
    return head + asked[dns.HEADER.size :] + dns.record(dns.TYPE_A, 5, bytes(map(int, address.split("."))))
