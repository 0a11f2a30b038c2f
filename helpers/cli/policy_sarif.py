"""Findings as SARIF, for code scanners and editors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from helpers.policies.linting import RULES, Finding, about
from helpers.policies.reading.unread import Unread

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], unread: Sequence[Unread] = ()) -> str:
    """Findings as SARIF 2.1.0, which editors and code hosts show at their lines."""
    rules = [{"id": name, "shortDescription": {"text": about(name)}} for name in RULES]
    driver = {"name": "hipster-shop policies", "version": "1", "rules": rules}
    notices = [{"level": "warning" if one.overturns else "note", "message": {"text": one.sentence}} for one in unread]
    run = {
        "tool": {"driver": driver},
        "results": [_result(one) for one in findings],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notices}],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(one: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.id,
        "level": one.severity,
        "message": {"text": f"{one.sentence} {one.mend}"},
    }
    if one.file is not None:
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": one.file.replace("\\", "/")},
                    "region": {"startLine": one.line, "startColumn": one.column},
                }
            }
        ]
    if one.policy:
        logical = [{"fullyQualifiedName": one.policy, "kind": "resource"}]
        result.setdefault("locations", [{}])[0]["logicalLocations"] = logical
    return result
