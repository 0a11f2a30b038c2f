"""The image `agnhost`: the tools that Kubernetes' own network tests use."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NoReturn

from helpers.localcluster.kubelet.images.connect import connect
from helpers.localcluster.kubelet.images.webserver import Request, Response, serve_http, until_told
from helpers.localcluster.kubelet.probes import goduration
from helpers.podnet import places, streams

Closing = Any
"""What can be closed: a server of streams, or a transport of datagrams."""


def main(arguments: list[str]) -> int:
    """Run one of the tools; the exit status."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def pause(arguments: list[str] | None = None) -> int:
    """Do nothing until SIGTERM or SIGINT."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    signal.sigwait(signals)
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(1, f"Error: {message}\nRun 'agnhost --help' for usage.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="agnhost", description="Tools for looking at the pod network from within.")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    _tool(tools, "pause", "wait until terminated").set_defaults(run=lambda options: pause())
    probe = _tool(tools, "connect", "try one connection; exit status 1 with TIMEOUT, REFUSED, DNS or OTHER")
    probe.add_argument("target", metavar="HOST:PORT")
    probe.add_argument("--timeout", type=_duration, default=0.0, help="such as 3s; without it the system's own limit")
    probe.add_argument("--protocol", default="tcp", choices=("tcp", "udp", "sctp"))
    probe.add_argument("--udp-data", default="hello\n", help="what is sent over UDP; any answer counts")
    probe.set_defaults(run=_connect)
    web = _tool(tools, "netexec", "an HTTP server: /hostname, /clientip, /echo?msg=, /healthz, /exit?code=")
    web.add_argument("--http-port", type=int, default=8080)
    web.add_argument("--udp-port", type=int, default=8081, help="hostname, clientip and echo over UDP; -1 for none")
    web.add_argument("--sctp-port", type=int, default=-1, help="the same over SCTP")
    web.set_defaults(run=lambda options: _serve(_netexec_servers(options)))
    name = _tool(tools, "serve-hostname", "a server that answers with the pod's name")
    name.add_argument("--port", type=int, default=9376)
    for protocol, default in (("http", True), ("tcp", False), ("udp", False)):
        name.add_argument(f"--{protocol}", type=_boolean, nargs="?", const=True, default=default)
    name.set_defaults(run=lambda options: _serve(_hostname_servers(options)))
    porter = _tool(
        tools,
        "porter",
        "servers on the ports N of SERVE_PORT_N, SERVE_TCP_PORT_N, SERVE_UDP_PORT_N and SERVE_SCTP_PORT_N, "
        "which answer with their values",
    )
    porter.set_defaults(run=lambda options: _serve(_porter_servers()))
    return parser


def _tool(tools: "argparse._SubParsersAction[_Parser]", name: str, text: str) -> argparse.ArgumentParser:
    return tools.add_parser(name, help=text, description=text)


def _duration(text: str) -> float:
    try:
        return goduration.seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _connect(options: argparse.Namespace) -> int:
    outcome = connect(options.target, options.timeout, options.protocol, options.udp_data.encode())
    if outcome:
        print(outcome, file=sys.stderr)
    return 1 if outcome else 0


# Servers.

Start = Callable[[], Coroutine[Any, Any, Closing]]


def _serve(servers: Iterator[tuple[str, Start]]) -> int:
    """Start each server, say so, and run until SIGTERM."""

    async def run() -> None:
        opened = []
        for text, start in servers:
            opened.append(await start())
            print(text, flush=True)
        await until_told()
        for server in opened:
            server.close()

    try:
        asyncio.run(run())
    except OSError as error:
        print(f"bind: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _netexec_servers(options: argparse.Namespace) -> Iterator[tuple[str, Start]]:
    port, udp, sctp = options.http_port, options.udp_port, options.sctp_port
    yield f"Started HTTP server on port {port}", lambda: serve_http(port, _netexec)
    if udp > 0:
        yield f"Started UDP server on port {udp}", lambda: streams.listen_datagrams(udp, _netexec_datagram)
    if sctp > 0:
        yield f"Started SCTP server on port {sctp}", lambda: streams.listen(sctp, _netexec_stream, "SCTP")


def _hostname_servers(options: argparse.Namespace) -> Iterator[tuple[str, Start]]:
    port = options.port
    if options.tcp:
        yield f"Serving hostname over TCP on port {port}", lambda: streams.listen(port, _say(places.hostname()))
    elif options.http:
        yield f"Serving hostname over HTTP on port {port}", lambda: serve_http(port, _hostname)
    if options.udp:
        yield (
            f"Serving hostname over UDP on port {port}",
            lambda: streams.listen_datagrams(port, lambda data, sender: places.hostname().encode()),
        )


_PORTER = {"SERVE_PORT_": "HTTP", "SERVE_TCP_PORT_": "TCP", "SERVE_UDP_PORT_": "UDP", "SERVE_SCTP_PORT_": "SCTP"}


def _porter_servers() -> Iterator[tuple[str, Start]]:
    for variable, value in sorted(os.environ.items()):
        for prefix, protocol in _PORTER.items():
            digits = variable.removeprefix(prefix)
            if digits != variable and digits.isdigit() and 0 < int(digits) < 65536:
                yield _porter(int(digits), protocol, value)


def _porter(port: int, protocol: str, value: str) -> tuple[str, Start]:
    text = f"Serving {value!r} over {protocol} on port {port}"
    if protocol == "HTTP":
        return text, lambda: serve_http(port, lambda request: Response(value))
    if protocol == "UDP":
        return text, lambda: streams.listen_datagrams(port, lambda data, sender: value.encode())
    return text, lambda: streams.listen(port, _say(value), protocol)


def _say(text: str) -> streams.Client:
    """A server that says one thing and closes."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())
        writer.close()

    return client


def _hostname(request: Request) -> Response:
    return Response(places.hostname())


def _netexec(request: Request) -> Response:
    path = request.path.lower()
    if path == "/":
        return Response(time.strftime("NOW: %Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime()))
    if path == "/hostname":
        return _hostname(request)
    if path == "/healthz":
        return Response()
    if path == "/clientip":
        address, port = request.client
        return Response(f"{address}:{port}" if address else request.headers.get("x-forwarded-for", "unknown"))
    if path == "/echo":
        code = request.query.get("code", "200")
        status = int(code) if code.isdigit() and 200 <= int(code) < 600 else 200
        return Response(request.query.get("msg", ""), status)
    if path == "/exit":
        code = request.query.get("code", "0")
        os._exit(int(code) & 0xFF if code.isdigit() else 0)
    return Response("404 page not found\n", 404)


def _netexec_datagram(data: bytes, sender: tuple[str, int]) -> bytes | None:
    """What netexec answers to a message, over UDP and SCTP."""
    word, _, rest = data.decode(errors="replace").strip().partition(" ")
    if word.lower() == "hostname":
        return places.hostname().encode()
    if word.lower() == "clientip":
        return f"{sender[0]}:{sender[1]}".encode()
    if word.lower() == "echo":
        return rest.encode()
    return b"" if not word else None


async def _netexec_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sender = places.flow_source(writer.get_extra_info("peername") or "")
    while data := await reader.read(65536):
        writer.write(_netexec_datagram(data, sender) or b"")
        await writer.drain()
    writer.close()
