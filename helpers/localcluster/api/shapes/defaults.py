"""What the API fills in of a pod, wherever it stands.

Each function returns a new object; what it is given stays as it is.
"""

from typing import Any

from helpers.localcluster.api.resource import Object

PULL_ALWAYS, PULL_IF_MISSING = "Always", "IfNotPresent"


def pod_spec(spec: Object) -> Object:
    """A pod's spec, in a pod or in a template."""
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    filled = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        **spec,
    }
    if account:
        filled |= {"serviceAccountName": account, "serviceAccount": account}
    for field in ("initContainers", "containers", "ephemeralContainers"):
        if filled.get(field):
            filled[field] = [_container(container) for container in filled[field]]
    return filled


def _container(container: Object) -> Object:
    image = container.get("image", "")
    latest = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    pull = PULL_ALWAYS if latest and "@" not in image else PULL_IF_MISSING
    filled = {
        "imagePullPolicy": pull,
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **container,
    }
    if filled.get("ports"):
        filled["ports"] = [{**port, "protocol": port.get("protocol") or "TCP"} for port in filled["ports"]]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in filled:
            filled[name] = _probe(filled[name])
    if filled.get("env"):
        filled["env"] = [_variable(variable) for variable in filled["env"]]
    limits = filled["resources"].get("limits")
    if limits:
        requests = {**limits, **filled["resources"].get("requests", {})}
        filled["resources"] = {**filled["resources"], "requests": requests}
    return filled


def _variable(variable: Object) -> Object:
    source = variable.get("valueFrom") or {}
    if "fieldRef" not in source:
        return variable
    return {**variable, "valueFrom": {**source, "fieldRef": {"apiVersion": "v1", **source["fieldRef"]}}}


def _probe(probe: Object) -> Object:
    counts = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    filled = {**counts, **{name: value for name, value in probe.items() if value != 0 or name not in counts}}
    if "httpGet" in filled:
        filled["httpGet"] = {"path": "/", "scheme": "HTTP", **filled["httpGet"]}
    if "grpc" in filled:
        filled["grpc"] = {"service": "", **filled["grpc"]}
    return filled


def template(template: Object) -> Object:
    """A pod template."""
    if "spec" not in template:
        return template
    return {"metadata": {}, **template, "spec": pod_spec(template["spec"])}


def workload(obj: Object, own: dict[str, Any]) -> Object:
    """An object with a pod template; `own` is what its kind fills in."""
    spec = {**own, **obj["spec"]}
    if "template" in spec:
        spec["template"] = template(spec["template"])
    return {**obj, "spec": spec}
