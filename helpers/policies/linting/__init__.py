"""Mistakes that the API server accepts: one function a rule, grouped by subject."""

from helpers.policies.linting.findings import Finding
from helpers.policies.linting.running import RULES, lint

__all__ = ["RULES", "Finding", "lint"]
