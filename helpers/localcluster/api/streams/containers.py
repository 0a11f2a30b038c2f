"""Which container of a pod a request means."""

from helpers.localcluster.api.errors import bad_request
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.storage.store import Object

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def container_of(call: Call, pod: Object) -> str:
    """The container's name. Raises ApiError BadRequest."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    regular = [item["name"] for item in spec["containers"]]
    others = [item["name"] for field in ("initContainers", "ephemeralContainers") for item in spec.get(field) or ()]
    wanted = call.request.first("container")
    if wanted:
        if wanted not in regular + others:
            raise bad_request(f"container {wanted} is not valid for pod {name}; it has {', '.join(regular + others)}")
        return wanted
    if len(regular) > 1:
        choice = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
        if choice in regular:
            return str(choice)
        names = " ".join(regular)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{names}]")
    return str(regular[0])
