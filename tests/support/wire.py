"""Clients of the API over bare TLS streams, so that they can misbehave: stop reading, stop speaking, vanish."""

from __future__ import annotations

import asyncio
import base64
import os
from typing import Any

from .writer import Api


class Wire:
    """One connection to the API."""

    def __init__(self, api: Api, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._token = api.token
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, api: Api, **options: Any) -> Wire:
        return cls(api, *await asyncio.open_connection("127.0.0.1", api.port, ssl=api.tls, **options))

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        """Send a request as it is."""
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: lab",
            f"Authorization: Bearer {self._token}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
            "",
            "",
        ]
        self.writer.write("\r\n".join(lines).encode() + body)

    def upgrade(self, path: str, protocol: str = "v5.channel.k8s.io") -> None:
        """Ask for a WebSocket."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            "GET",
            path,
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key=key,
            Sec_WebSocket_Protocol=protocol,
        )

    async def head(self) -> int:
        """Read the head of the answer; its status."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1])

    async def line(self) -> bytes:
        """The next line of a chunked stream of lines, the chunks' sizes left out."""
        while not (line := await self.reader.readline()).startswith(b"{"):
            if not line:
                raise EOFError
        return line

    def vanish(self) -> None:
        """Be gone from one moment to the next, without a goodbye."""
        self.writer.transport.abort()
