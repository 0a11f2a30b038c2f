"""Outputs that only a command needs: SARIF for code scanners, SVG by graphviz."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from helpers.cli.policy_input import BadInput
from helpers.policies.linting import RULES, Finding, about

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding]) -> str:
    """Findings as SARIF 2.1.0, which editors and code hosts show at their lines."""
    rules = [{"id": name, "shortDescription": {"text": about(name)}} for name in RULES]
    driver = {"name": "hipster-shop policies", "version": "1", "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(one) for one in findings]}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(one: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": one.id, "level": one.severity,
                              "message": {"text": f"{one.sentence} {one.mend}"}}
    if one.file is not None:
        result["locations"] = [{"physicalLocation": {
            "artifactLocation": {"uri": one.file.replace("\\", "/")},
            "region": {"startLine": one.line, "startColumn": one.column}}}]
    if one.policy:
        logical = [{"fullyQualifiedName": one.policy, "kind": "resource"}]
        result.setdefault("locations", [{}])[0]["logicalLocations"] = logical
    return result


def svg(dot: str) -> str:
    """A graph drawn by graphviz; raises BadInput when there is none."""
    from helpers.display.dot import draw
    from helpers.lab.errors import LabError

    try:
        return draw(dot, "svg").decode()
    except LabError as error:
        raise BadInput(f"{error} (-o dot needs no graphviz.)") from None
