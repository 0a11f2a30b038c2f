"""The variables that lead a JupyterLab's kernels and terminals to the lab's own cluster, and to no other.

A kernel that was restarted, or a terminal, would else talk to whatever cluster this user's kubectl chose last.
Binder's start prints them: eval "$(python -m helpers.jupyter.environment)"
"""

import os
import shlex

from helpers.lab.cluster import kubeconfig, local
from helpers.lab.home import home


def variables() -> dict[str, str]:
    """What to export; nothing if `LAB_CONTEXT` names another cluster. The user's own KUBECONFIG is kept beside."""
    if os.environ.get("LAB_CONTEXT", local.NAME) not in ("", local.NAME):
        return {}
    pinned = {"KUBECONFIG": str(local.kubeconfig()), "KUBECACHEDIR": str(home() / "kubecache")}
    own = os.environ.get("KUBECONFIG", "")
    return pinned if own == pinned["KUBECONFIG"] else {**pinned, kubeconfig.OWN: own}


if __name__ == "__main__":
    for name, value in variables().items():
        print(f"export {name}={shlex.quote(value)}")
