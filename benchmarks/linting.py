"""The linter on manifests as large as a monitoring stack's: 60,000 lines, most of them definitions and dashboards.

Prints one line a figure: `name value unit target`. The whole process is measured, and in it reading and the rules.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from figures import median, times

from helpers.policies import World, lint, read

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("prometheus", "alertmanager", "grafana", "exporter", "adapter", "operator", "blackbox", "state")
SPACE = "monitoring"
DEFINITIONS, DASHBOARDS, RULES = 9, 20, 350


def _object(version: str, kind: str, name: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": SPACE}, **parts}


def _schema(depth: int, width: int) -> dict[str, Any]:
    """A part of a definition's schema."""
    if not depth:
        return {"type": "string", "description": "What this field says, in a sentence that is long enough to be usual."}
    return {"type": "object", "properties": {f"field{number}": _schema(depth - 1, width) for number in range(width)}}


def _dashboard(number: int) -> str:
    panels = [
        {
            "id": panel,
            "title": f"Requests {panel}",
            "type": "graph",
            "targets": [{"expr": f'sum(rate(http_requests_total{{job="app{number}"}}[5m])) by (code)', "refId": "A"}],
            "gridPos": {"h": 8, "w": 12, "x": 0, "y": panel},
        }
        for panel in range(45)
    ]
    return json.dumps({"title": f"Dashboard {number}", "panels": panels}, indent=1)


def objects() -> Iterator[dict[str, Any]]:
    """Definitions, dashboards, alerts, and some workloads with Services and policies."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    for number in range(DEFINITIONS):
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"kind{number}.example.org"},
            "spec": {
                "group": "example.org",
                "versions": [{"name": "v1", "schema": {"openAPIV3Schema": _schema(3, 10)}}],
            },
        }
    for number in range(DASHBOARDS):
        yield _object("v1", "ConfigMap", f"dashboard-{number}", data={f"{number}.json": _dashboard(number)})
    for number in range(RULES):
        yield _object(
            "monitoring.coreos.com/v1",
            "PrometheusRule",
            f"rules-{number}",
            spec={
                "groups": [
                    {
                        "name": "general",
                        "rules": [
                            {
                                "alert": f"Down{alert}",
                                "expr": f'up{{job="a{alert}"}} == 0',
                                "for": "5m",
                                "labels": {"severity": "warning"},
                            }
                            for alert in range(3)
                        ],
                    }
                ]
            },
        )
    for number, name in enumerate(NAMES):
        labels = {"app.kubernetes.io/name": name}
        yield _object(
            "apps/v1",
            "Deployment",
            name,
            spec={
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "containers": [
                            {
                                "name": name,
                                "image": f"example.org/{name}",
                                "ports": [{"name": "web", "containerPort": 9000 + number}],
                                "env": [{"name": "UPSTREAM", "value": f"{NAMES[number - 1]}:9000"}],
                            }
                        ]
                    },
                },
            },
        )
        yield _object("v1", "Service", name, spec={"selector": labels, "ports": [{"port": 9000, "targetPort": "web"}]})
        caller = {"matchLabels": {"app.kubernetes.io/name": NAMES[(number + 1) % len(NAMES)]}}
        yield _object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            name,
            spec={
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress", "Egress"],
                "egress": [{}],
                "ingress": [{"from": [{"podSelector": caller}], "ports": [{"port": "web"}]}],
            },
        )


def manifests() -> str:
    class Literal(yaml.SafeDumper):
        """Writes texts of several lines as such, as people and charts do."""

    def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Literal.add_representer(str, _text)
    return yaml.dump_all(objects(), Dumper=Literal, sort_keys=False)


def main() -> int:
    text = manifests()
    world = World.of(read(text, "stack.yaml").objects)
    assert len(lint(world)) >= len(NAMES), "every workload's policy leaves its egress open"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = median(
            lambda: subprocess.run(
                [sys.executable, "-m", "helpers", "lint", "-f", file.name], cwd=ROOT, stdout=subprocess.DEVNULL
            ),
            5,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"lint_lines {text.count(chr(10))} lines 60000")
    print(f"lint_process {process:.4g} s 0.5")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"lint_process_cpu {cpu / (times(5) + 1):.4g} s 0.5")
    print(f"lint_reading {median(lambda: read(text, 'stack.yaml'), 5):.4g} s -")
    fresh = median(lambda: lint(World.of(world.objects)), 9)
    print(f"lint_rules {fresh * 1000:.4g} ms 50")
    return 0


if __name__ == "__main__":
    sys.exit(main())
