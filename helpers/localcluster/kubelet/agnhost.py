"""The image `agnhost`: the small tools that Kubernetes' own network tests use, as far as the course needs them."""

import argparse
import asyncio
import os
import signal
import sys
import time
from typing import NoReturn

from helpers.localcluster.kubelet import goduration
from helpers.localcluster.kubelet.connect import connect
from helpers.localcluster.kubelet.webserver import Handler, Request, serve_http


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
    probe.add_argument("--udp-data", default="", help=argparse.SUPPRESS)
    probe.set_defaults(run=_connect)
    web = _tool(tools, "netexec", "an HTTP server: /hostname, /clientip, /echo?msg=, /healthz, /exit?code=")
    web.add_argument("--http-port", type=int, default=8080)
    web.add_argument("--udp-port", type=int, default=-1, help=argparse.SUPPRESS)
    web.set_defaults(run=lambda options: _serve(options.http_port, _netexec))
    name = _tool(tools, "serve-hostname", "an HTTP server that answers with the pod's name")
    name.add_argument("--port", type=int, default=9376)
    name.add_argument("--http", nargs="?", choices=("true",), help=argparse.SUPPRESS)
    name.set_defaults(run=lambda options: _serve(options.port, lambda request: (200, _hostname())))
    return parser


def _tool(tools: "argparse._SubParsersAction[_Parser]", name: str, text: str) -> argparse.ArgumentParser:
    return tools.add_parser(name, help=text, description=text)


def _duration(text: str) -> float:
    try:
        return goduration.seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _connect(options: argparse.Namespace) -> int:
    outcome = connect(options.target, options.timeout, options.protocol)
    if outcome:
        print(outcome, file=sys.stderr)
    return 1 if outcome else 0


def _serve(port: int, handler: Handler) -> int:
    async def run() -> None:
        done = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, done.set)
        server = await serve_http(port, handler)
        print(f"Started HTTP server on port {port}")
        await done.wait()
        server.close()

    asyncio.run(run())
    return 0


def _hostname() -> str:
    return os.environ.get("HOSTNAME", "localhost")


def _netexec(request: Request) -> tuple[int, str]:
    path = request.path.lower()
    if path == "/":
        return 200, time.strftime("NOW: %Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime())
    if path == "/hostname":
        return 200, _hostname()
    if path == "/healthz":
        return 200, ""
    if path == "/clientip":
        return 200, request.headers.get("x-forwarded-for", "unknown")
    if path == "/echo":
        code = request.query.get("code", "200")
        return int(code) if code.isdigit() and 200 <= int(code) < 600 else 200, request.query.get("msg", "")
    if path == "/exit":
        code = request.query.get("code", "0")
        os._exit(int(code) & 0xFF if code.isdigit() else 0)
    return 404, "404 page not found\n"
