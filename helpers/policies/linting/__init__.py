"""Mistakes that the API server accepts: one function a rule, grouped by subject."""

from helpers.policies.linting.findings import Finding
from helpers.policies.linting.running import REMARKS, RULES, about, lint

__all__ = ["REMARKS", "RULES", "Finding", "about", "lint"]
