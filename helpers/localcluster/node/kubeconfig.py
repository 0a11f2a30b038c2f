"""The cluster's own kubeconfig; `~/.kube/config` is never touched."""

import base64
import contextlib
import re
from pathlib import Path

from helpers.localcluster.node.private import write_private

CLUSTER = "hipster-lab"
USER = "hipster-lab-admin"

_TEMPLATE = """apiVersion: v1
kind: Config
clusters:
- name: {cluster}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
contexts:
- name: {cluster}
  context:
    cluster: {cluster}
    namespace: default
    user: {user}
current-context: {cluster}
users:
- name: {user}
  user:
    token: {token}
"""


def write(path: Path, server: str, authority: str, token: str) -> None:
    """Write the kubeconfig, unless the present one says the same: a learner may have added to it."""
    encoded = base64.b64encode(authority.encode()).decode()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        held = path.read_text("utf-8")
        if all(
            re.search(rf"{field}: \"?{re.escape(value)}\"?\s", held)
            for field, value in (("server", server), ("certificate-authority-data", encoded), ("token", token))
        ):
            path.chmod(0o600)
            return
    write_private(path, _TEMPLATE.format(cluster=CLUSTER, user=USER, server=server, authority=encoded, token=token))
