"""Someone who follows a tutorial: types its commands, applies its manifests, looks at what is printed."""

import json
import shlex
import subprocess
import time
from dataclasses import dataclass
from itertools import count

from support.cluster import Cluster

TIMED_OUT = "wget: download timed out"
_numbers = count(1)


@dataclass(frozen=True)
class Said:
    """What a command printed on both its outputs, and its exit status."""

    status: int
    text: str

    def __contains__(self, words: str) -> bool:
        return words in self.text


class Reader:
    """Works in one namespace, as after `kubectl config set-context --current --namespace`."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self.namespace = namespace
        self._made: list[str] = []
        if namespace != "default":
            self.make_namespace(namespace)

    def make_namespace(self, name: str, *labels: str) -> None:
        self._cluster.kubectl("create", "namespace", name)
        self._made.append(name)
        if labels:
            self._cluster.kubectl("label", "namespace", name, *labels)

    def leave(self) -> None:
        """Tidy up, as a tutorial's last step does."""
        self._cluster.kubectl("delete", "namespace", *self._made, "--wait=false")

    def type(self, line: str, stdin: str | None = None) -> Said:
        """A line that begins with `kubectl`, whatever becomes of it."""
        words = shlex.split(line)
        assert words[0] == "kubectl"
        own = (
            []
            if {"-n", "--namespace", "-A"} & {*words[: words.index("--") if "--" in words else None]}
            else ["-n", self.namespace]
        )
        done: subprocess.CompletedProcess[str] = self._cluster.try_kubectl(*own, *words[1:], stdin=stdin)
        return Said(done.returncode, done.stdout + done.stderr)

    def do(self, *lines: str) -> None:
        """Lines that have to succeed."""
        for line in lines:
            said = self.type(line)
            assert said.status == 0, f"{line}: {said.text}"

    def apply(self, manifest: str, namespace: str = "") -> None:
        said = self.type(f"kubectl -n {namespace or self.namespace} apply -f -", stdin=manifest)
        assert said.status == 0, said.text

    def policy(self, name: str, spec: str, namespace: str = "") -> None:
        """A NetworkPolicy whose spec is given in YAML's flow style."""
        place = namespace or self.namespace
        self.apply(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
            f"metadata: {{name: {name}, namespace: {place}}}\nspec: {spec}\n",
            place,
        )

    def ready(self, *pods: str, namespace: str = "") -> None:
        """Wait for pods by name, or `-l` selectors."""
        for pod in pods:
            what = ["-l", pod] if "=" in pod else [f"pod/{pod}"]
            self._cluster.kubectl(
                "-n",
                namespace or self.namespace,
                "wait",
                "--for=condition=Ready",
                "--timeout=20s",
                *(["pod"] if "=" in pod else []),
                *what,
            )

    def rolled_out(self, *deployments: str) -> None:
        for name in deployments:
            self.do(f"kubectl rollout status deployment/{name} --timeout=20s")

    def once(self, command: str, labels: str = "", image: str = "alpine", namespace: str = "") -> Said:
        """`kubectl run --rm -i -t IMAGE -- COMMAND`: a pod for one command."""
        name, place = f"test-{next(_numbers)}", f"-n {namespace} " if namespace else ""
        given = f"--labels={labels} " if labels else ""
        return self.type(f"kubectl {place}run {name} --rm -i -t --restart=Never --image={image} {given}-- {command}")

    def shell(self, script: str, labels: str = "", image: str = "alpine", namespace: str = "") -> Said:
        """What a reader types into the shell of such a pod."""
        return self.once(f"sh -c {shlex.quote(script)}", labels, image, namespace)

    def flows(self) -> list[tuple[str, str, int]]:
        """Verdict, target and port of what the lab has logged about this namespace's pods."""
        found = json.loads(self._cluster.kubectl("get", "flows", "-o", "json"))["items"]
        return [
            (flow["verdict"], flow["target"]["name"] or flow["target"]["address"], flow["port"])
            for flow in found
            if flow["source"]["namespace"] == self.namespace
        ]

    def eventually(self, line: str, words: str, seconds: float = 10.0) -> None:
        """Type a line until it says something, as people do who wait."""
        deadline = time.monotonic() + seconds
        while words not in (said := self.type(line)):
            assert time.monotonic() < deadline, said.text
            time.sleep(0.1)
