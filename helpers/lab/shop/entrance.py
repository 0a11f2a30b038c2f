"""The way into the shop: the local cluster's own entrance, or a kept port-forward to a real cluster's frontend."""

import atexit

from helpers.lab.cluster import local, session
from helpers.lab.cluster.forward import Forward, KeptForward
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import ClusterError, ShopError

SERVICE, PORT = "frontend", 80

_forward: KeptForward | None = None
_of = ""


def base_url() -> str:
    """The URL below which the shop's pages are, ending in a slash. Raises ShopError if there is no way in."""
    cluster = session.current_or_none()
    if cluster is None or cluster.entered:
        found = local.shop_url()
        if not found:
            raise ShopError(
                "The local cluster does not run, so there is no shop. Start it with lab.start()"
                " (in a terminal: python -m helpers up)."
            )
        return found if found.endswith("/") else found + "/"
    return f"http://127.0.0.1:{forwarded_port()}/"


def forwarded_port() -> int:
    """The local port that leads to the real cluster's frontend; a broken forward is replaced."""
    global _forward, _of
    cluster = session.current()
    name = f"{cluster.context.name}/{cluster.namespace}"
    if _forward is None or _of != name:
        close()
        _forward, _of = KeptForward(lambda: to_frontend(cluster.context, cluster.namespace)), name
    _forward.mend()
    return _forward.port


def to_frontend(context: Context, namespace: str) -> Forward:
    """A port-forward to a pod of the frontend. Raises ShopError."""
    try:
        return Forward(context, namespace, SERVICE, PORT)
    except ClusterError as error:
        raise ShopError(f"{error} Is it deployed? Run lab.deploy().") from None


def close() -> None:
    """End the port-forward, if there is one."""
    if _forward is not None:
        _forward.end()


atexit.register(close)
