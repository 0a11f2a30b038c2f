"""Calico's demo of stars: probes that try to reach each other again and again, and a page that shows who does.

`probe --http-port=80 --urls=http://backend.stars:6379/status,…` serves its findings at /status; `collect` asks the
probes for theirs and serves the picture at / and as JSON at /status.
"""

import argparse
import asyncio
import contextlib
import html
import json
from typing import Any

from helpers.localcluster.kubelet.images.webserver import HTML, Request, Response, serve_http, until_told
from helpers.podnet import streams

URLS = ("http://frontend.stars:80/status", "http://backend.stars:6379/status", "http://client.client:9000/status")
"""Where the demo's probes are."""
LONGEST = 1 << 20
Findings = dict[str, Any]


def probe(arguments: list[str]) -> int:
    """Try to reach each URL at an interval, and serve which answered."""
    options = _options("probe", 9000, arguments)
    found: dict[str, bool] = {}

    async def look() -> None:
        answers = await asyncio.gather(*(_get(url, options.seconds) for url in options.urls))
        found.update({url: answer is not None for url, answer in zip(options.urls, answers, strict=True)})

    def status(request: Request) -> Response:
        return Response.of_json({"targets": [{"url": url, "reachable": reached} for url, reached in found.items()]})

    asyncio.run(_run(options, look, status))
    return 0


def collect(arguments: list[str]) -> int:
    """Ask each probe at an interval what it reaches, and show it."""
    options = _options("collect", 9001, arguments)
    seen: dict[str, list[str] | None] = {}

    async def look() -> None:
        answers = await asyncio.gather(*(_get(url, options.seconds) for url in options.urls))
        seen.update(
            {
                _name(url): None if answer is None else _reached(answer)
                for url, answer in zip(options.urls, answers, strict=True)
            }
        )

    def page(request: Request) -> Response:
        if request.path == "/status":
            return Response.of_json({name: reached for name, reached in seen.items() if reached is not None})
        return Response(_picture(seen), type=HTML) if request.path == "/" else Response("Not Found\n", 404)

    asyncio.run(_run(options, look, page))
    return 0


def _options(name: str, port: int, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--http-port", type=int, default=port)
    parser.add_argument("--urls", type=lambda text: [url for url in text.split(",") if url], default=[*URLS])
    parser.add_argument("--request-interval-ms", dest="interval", type=float, default=5000)
    parser.add_argument("--timeout-ms", dest="timeout", type=float, default=1000)
    options = parser.parse_args(arguments)
    options.seconds = options.timeout / 1000
    return options


async def _run(options: argparse.Namespace, look: Any, answer: Any) -> None:
    server = await serve_http(options.http_port, answer)
    print(f"serving on port {options.http_port}", flush=True)

    async def again() -> None:
        while True:
            await look()
            await asyncio.sleep(max(options.interval, 10) / 1000)

    looking = asyncio.create_task(again())
    await until_told()
    looking.cancel()
    server.close()


async def _get(url: str, seconds: float) -> bytes | None:
    """A page's body, None if it doesn't come in time."""
    authority, _, path = url.partition("://")[2].partition("/")
    host, _, port = authority.partition(":")
    with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        async with asyncio.timeout(seconds):
            reader, writer = await streams.open_connection(host, int(port or 80))
            try:
                writer.write(f"GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.read(LONGEST)).partition(b"\r\n\r\n")[2]
            finally:
                writer.close()
    return None


def _reached(answer: bytes) -> list[str]:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return [_name(target["url"]) for target in json.loads(answer)["targets"] if target["reachable"]]
    return []


def _name(url: str) -> str:
    """`frontend` for http://frontend.stars:80/status."""
    return url.partition("://")[2].partition("/")[0].partition(":")[0].partition(".")[0]


def _picture(seen: dict[str, list[str] | None]) -> str:
    lines = [
        f"<li><b>{html.escape(name)}</b> → {html.escape(', '.join(reached) or 'nobody')}</li>"
        for name, reached in seen.items()
        if reached is not None
    ]
    body = f"<ul>{''.join(lines)}</ul>" if lines else "<p>No star can be seen from here.</p>"
    return f"<!DOCTYPE html><title>Stars</title><h1>Who reaches whom</h1>{body}\n"
