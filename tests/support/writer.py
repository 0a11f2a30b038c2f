"""A client that keeps writing objects and remembers exactly what the API acknowledged."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"


class Api:
    """The API server as its kubeconfig describes it, over plain https requests."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self.server: str = cluster["server"]
        self.token: str = config["users"][0]["user"]["token"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.tls = ssl.create_default_context(cadata=authority)

    @property
    def port(self) -> int:
        """The API's port on 127.0.0.1."""
        return int(self.server.rpartition(":")[2])

    def request(
        self, method: str, path: str, body: object = None, timeout: float = 10, content_type: str = "application/json"
    ) -> Any:
        """The decoded answer; an HTTP error raises `urllib.error.HTTPError`."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout, context=self.tls) as answer:
            return json.load(answer)

    def merge(self, path: str, changes: object) -> Any:
        """Change some fields of an object."""
        return self.request("PATCH", path, changes, content_type="application/merge-patch+json")

    def items(self, path: str) -> list[dict[str, Any]]:
        """The objects of a list."""
        listed: list[dict[str, Any]] = self.request("GET", path)["items"]
        return listed

    def refusal(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """HTTP status and Status object of a request that is refused; (200, answer) if it isn't."""
        try:
            return 200, self.request(method, path, body)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


class Session:
    """Many requests over one connection."""

    def __init__(self, api: Api) -> None:
        self._headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPSConnection("127.0.0.1", api.port, context=api.tls, timeout=30)

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """HTTP status and decoded answer."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def __enter__(self) -> Session:
        return self

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __exit__(self, *_: object) -> None:
        self.close()


def bystander(name: str, revision: int) -> dict[str, Any]:
    """A policy that selects no pod, so that it can come and go without touching the shop."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "annotations": {"revision": str(revision)}},
        "spec": {"podSelector": {"matchLabels": {"app": "nobody"}}, "ingress": []},
    }


class Writer:
    """Writes policies one after another in a thread. `accepted` maps a name to its last acknowledged revision.

    A request that failed is in doubt: the server may or may not have kept it, so its name is in `doubtful`.
    """

    def __init__(self, kubeconfig: Path, prefix: str) -> None:
        self._api = Api(kubeconfig)
        self._prefix = prefix
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.accepted: dict[str, int] = {}
        self.doubtful: set[str] = set()

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            name = f"{self._prefix}-{number}"
            try:
                self._api.request("POST", POLICIES, bystander(name, number))
                self.accepted[name] = number
            except (OSError, ValueError, http.client.HTTPException):
                self.doubtful.add(name)
                return  # the node is gone: what comes after the kill is not this writer's business
            number += 1


def kept(kubeconfig: Path) -> dict[str, int]:
    """Every bystander that the API holds now, as name → revision."""
    items = Api(kubeconfig).items(POLICIES)
    noted = {item["metadata"]["name"]: item["metadata"].get("annotations", {}).get("revision") for item in items}
    return {name: int(revision) for name, revision in noted.items() if revision is not None}
