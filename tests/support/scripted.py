"""A transport that answers from a script, and remembers what it was asked."""

import json
from collections.abc import Mapping
from typing import Any

from helpers.lab.cluster.api import Cluster
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.cluster.transport import Answer

CONTEXT = Context("test", "https://127.0.0.1:1", "default", {"server": "https://127.0.0.1:1"}, {"token": "t"}, ())


class Scripted:
    """Answers by (method, path); a path without an answer is a 404 as the API server says it."""

    def __init__(self, answers: Mapping[tuple[str, str], Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, str, Any, str]] = []
        self.closed = False

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        self.asked.append((method, path, json.loads(body) if body else None, headers.get("Content-Type", "")))
        answer = self.answers.get((method, path))
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Answer):
            return answer
        if answer is None:
            return Answer(404, json.dumps({"message": f"{path} not found", "reason": "NotFound"}).encode())
        return Answer(200, json.dumps(answer).encode())

    def close(self) -> None:
        self.closed = True


def cluster(answers: Mapping[tuple[str, str], Any], *, local: bool = True) -> Cluster:
    return Cluster(CONTEXT, local=local, transport=Scripted(answers))


def asked(of: Cluster) -> list[tuple[str, str, Any, str]]:
    transport = of._transport
    assert isinstance(transport, Scripted)
    return transport.asked
