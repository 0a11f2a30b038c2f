"""The words for a connection that didn't come about, from grpcio's words."""

import pytest

from helpers.boutique.failures import RpcFailure, dial_failure, go_code

# As grpcio 1.85 says it.
PROXY = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:35613: HTTP proxy returned response code "
)

REFUSED = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.96.3.4:50051: "
    "Failed to connect to remote host: Connection refused"
)
UNKNOWN = (
    "errors resolving shippingservice:50051: "
    "[field:hostname lookup error:address lookup failed for shippingservice:50051: Domain name not found]"
)
SILENT = (
    "errors resolving shippingservice:50051: [lookup failed for shippingservice: Timeout while contacting DNS servers]"
)
CLOSED = "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:35613: Socket closed"


@pytest.mark.parametrize(
    ("details", "proxy", "said"),
    [
        ("", "127.0.0.1:1", "dial tcp shippingservice:50051: i/o timeout"),
        ("", "", "dial tcp shippingservice:50051: i/o timeout"),
        (PROXY + "502", "127.0.0.1:1", "dial tcp shippingservice:50051: connect: connection refused"),
        (PROXY + "503", "127.0.0.1:1", "dial tcp: lookup shippingservice: no such host"),
        (PROXY + "504", "127.0.0.1:1", "dial tcp: lookup shippingservice: i/o timeout"),
        (PROXY + "407", "127.0.0.1:1", "proxyconnect tcp: 127.0.0.1:1 answered 407 for shippingservice:50051"),
        (REFUSED, "", "dial tcp shippingservice:50051: connect: connection refused"),
        (REFUSED, "127.0.0.1:1", "proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused"),
        (UNKNOWN, "", "dial tcp: lookup shippingservice: no such host"),
        (SILENT, "", "dial tcp: lookup shippingservice: i/o timeout"),
        (CLOSED, "127.0.0.1:1", "dial tcp shippingservice:50051: read: connection reset by peer"),
        ("something new", "", "dial tcp shippingservice:50051: something new"),
    ],
)
def test_dial_failure(details: str, proxy: str, said: str) -> None:
    assert dial_failure("shippingservice:50051", details, proxy) == said


def test_codes_are_spelled_as_in_go() -> None:
    assert [go_code(name) for name in ("OK", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")] == [
        "OK", "Unavailable", "DeadlineExceeded", "Canceled",
    ]  # fmt: skip


def test_a_failure_reads_like_a_status() -> None:
    assert str(RpcFailure("NotFound", "no such product")) == "rpc error: code = NotFound desc = no such product"
