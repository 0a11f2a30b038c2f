"""Another user of the machine tries everything: `python stranger.py`, its tasks as JSON on standard input.

Becomes somebody else first; everything that it needs is imported before. Prints what each attempt led to: an HTTP
status or "no answer", the name of an errno, or "succeeded".
"""

import encodings.idna  # noqa: F401  what a connection needs later, when nothing can be imported any more
import errno
import json
import os
import socket
import ssl
import sys
from collections.abc import Callable

import zmq

NOBODY = 65534


def connect(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
    return "succeeded"


def read(path: str) -> str:
    with open(path, "rb") as file:
        file.read(1)
    return "succeeded"


def write(path: str) -> str:
    os.close(os.open(path, os.O_WRONLY))
    return "succeeded"


def enter(path: str) -> str:
    os.listdir(path)
    return "succeeded"


def create(path: str) -> str:
    os.close(os.open(os.path.join(path, "planted"), os.O_WRONLY | os.O_CREAT, 0o600))
    return "succeeded"


def take(path: str) -> str:
    """Be there first, with a directory that everybody may use."""
    os.mkdir(path)
    os.chmod(path, 0o777)
    return "succeeded"


def signal(pid: str) -> str:
    os.kill(int(pid), 0)
    return "succeeded"


def http(request: str) -> str:
    """`PORT HEAD`: the status of the answer; over TLS if the head begins with an exclamation mark."""
    port, _, head = request.partition(" ")
    link: socket.socket = socket.create_connection(("127.0.0.1", int(port)), 5)
    if head.startswith("!"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = context.wrap_socket(link)
    with link:
        link.sendall(head.lstrip("!").encode() + b"\r\n\r\n")
        answer = link.recv(4096)
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "no answer"


def listen(endpoint: str) -> str:
    """Subscribe to all that a kernel's port has to say."""
    with zmq.Context() as context, context.socket(zmq.SUB) as heard:
        heard.setsockopt(zmq.LINGER, 0)
        heard.subscribe(b"")
        heard.connect(endpoint)
        return "succeeded" if heard.poll(1500) else "no answer"


ATTEMPTS: dict[str, Callable[[str], str]] = {
    "connect": connect,
    "read": read,
    "write": write,
    "enter": enter,
    "create": create,
    "take": take,
    "signal": signal,
    "listen": listen,
    "http": http,
}


def attempt(kind: str, target: str) -> str:
    try:
        return ATTEMPTS[kind](target)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)


def main() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.chdir("/")
    print(json.dumps([attempt(kind, target) for kind, target in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
