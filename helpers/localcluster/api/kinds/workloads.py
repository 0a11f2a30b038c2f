"""What the kinds with a pod template have in common in `kubectl get`."""

from helpers.localcluster.api.requests.selectors import format as format_selector
from helpers.localcluster.api.resource import Object, join, wide

CONTAINERS = wide("Containers", "Images", "Selector")


def containers(obj: Object) -> list[object]:
    """The cells of CONTAINERS."""
    return [*images(obj), format_selector(obj["spec"].get("selector"))]


def images(obj: Object) -> list[object]:
    """The names and images of a template's containers."""
    listed = (obj["spec"].get("template") or {}).get("spec", {}).get("containers") or ()
    return [join(item["name"] for item in listed), join(item.get("image", "") for item in listed)]
