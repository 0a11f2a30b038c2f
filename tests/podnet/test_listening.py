"""Taking a port: by one program at a time, and again after it has died."""

import socket
from pathlib import Path

import pytest

from helpers.podnet import listening


@pytest.fixture(autouse=True)
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LISTEN_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("protocol", "name"), [("TCP", "80.sock"), ("UDP", "80.udp"), ("SCTP", "80.sctp")])
def test_a_port_is_taken_once(pod: Path, protocol: str, name: str) -> None:
    with listening.bind(80, protocol), pytest.raises(OSError, match="Address already in use"):
        listening.bind(80, protocol)
    assert [path.name for path in pod.iterdir()] == [name]
    listening.bind(80, protocol).close()  # what the first has left is replaced
    assert [path.name for path in pod.iterdir()] == [name]


def test_protocols_have_ports_of_their_own(pod: Path) -> None:
    links = [listening.bind(80, protocol) for protocol in ("TCP", "UDP", "SCTP")]
    assert len({*pod.iterdir()}) == 3
    for link in links:
        link.close()


def test_the_name_leads_to_the_socket(pod: Path) -> None:
    with listening.bind(80) as door, socket.socket(socket.AF_UNIX) as link:
        link.connect(str(pod / "80.sock"))
        accepted, _ = door.accept()
        accepted.close()


def test_without_a_directory_the_machine_s_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_DIR")
    with listening.bind(0) as door, pytest.raises(OSError, match="Address already in use"):
        listening.bind(door.getsockname()[1])
