"""What the API fills in when a manifest leaves it out, kind by kind.

Each function returns a new object; what it is given stays as it is.
"""

import base64
from collections.abc import Callable
from typing import Any

from .store import Object

PULL_ALWAYS, PULL_IF_MISSING = "Always", "IfNotPresent"


def default(key: str, obj: Object) -> Object:
    """The object with its kind's defaults."""
    fill = FILL.get(key)
    return fill(obj) if fill else obj


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
        filled["ports"] = [{"protocol": "TCP", **port} for port in filled["ports"]]
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


def _pod(obj: Object) -> Object:
    spec = pod_spec(
        {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority", "priority": 0, **obj["spec"]}
    )
    spec = {"serviceAccountName": "default", "serviceAccount": "default", **spec}
    return {**obj, "spec": spec, "status": {"phase": "Pending", **obj.get("status", {})}}


def _template(template: Object) -> Object:
    if "spec" not in template:
        return template
    return {"metadata": {}, **template, "spec": pod_spec(template["spec"])}


def _workload(obj: Object, own: dict[str, Any]) -> Object:
    spec = {**own, **obj["spec"]}
    if "template" in spec:
        spec["template"] = _template(spec["template"])
    return {**obj, "spec": spec}


def _deployment(obj: Object) -> Object:
    own = {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    filled = _workload(obj, own)
    strategy = {"type": "RollingUpdate", **(filled["spec"].get("strategy") or {})}
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = {"maxSurge": "25%", "maxUnavailable": "25%", **rolling}
    filled["spec"]["strategy"] = strategy
    return filled


def _replica_set(obj: Object) -> Object:
    return _workload(obj, {"replicas": 1})


def _service(obj: Object) -> Object:
    spec = {"type": "ClusterIP", "sessionAffinity": "None", **(obj.get("spec") or {})}
    spec["ports"] = [{"protocol": "TCP", "targetPort": port.get("port"), **port} for port in spec.get("ports") or ()]
    if not spec["ports"]:
        del spec["ports"]
    if spec["type"] != "ExternalName":
        family = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
        spec = {**family, **spec}
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    return {**obj, "spec": spec, "status": {"loadBalancer": {}, **obj.get("status", {})}}


def _secret(obj: Object) -> Object:
    filled = {"type": "Opaque", **obj}
    plain = filled.pop("stringData", None)
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        filled["data"] = {**(filled.get("data") or {}), **encoded}
    return filled


def _namespace(obj: Object) -> Object:
    metadata = obj["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata.get("name", "")}
    return {
        **obj,
        "metadata": {**metadata, "labels": labels},
        "spec": {"finalizers": ["kubernetes"], **(obj.get("spec") or {})},
        "status": {"phase": "Active", **obj.get("status", {})},
    }


def _network_policy(obj: Object) -> Object:
    from helpers.policies.reading.defaults import default as fill

    return fill(obj)


def _event(obj: Object) -> Object:
    return {"reportingComponent": "", "reportingInstance": "", "source": {}, **obj}


FILL: dict[str, Callable[[Object], Object]] = {
    "pods": _pod,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "services": _service,
    "secrets": _secret,
    "namespaces": _namespace,
    "events": _event,
    "networkpolicies.networking.k8s.io": _network_policy,
}
