"""Manifests are plain, and say what the texts say; before they are applied they are fitted to the cluster."""

import re

from helpers.lab.cluster import belonging


def fitted(text: str) -> str:
    """A manifest's text in which the namespaces that lessons make have the names that they have here."""
    for name in belonging.BESIDE:
        text = re.sub(
            rf"""((?:kubernetes\.io/metadata\.name|namespace)["']?:\s+["']?){name}(?=["'\s,}}]|$)""",
            lambda found, name=name: found[1] + belonging.namespace(name),  # type: ignore[misc]
            text,
        )
    return text
