"""Ingresses: which Service the lab's front door leads to, by host and path."""

from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, join, name_of
from helpers.policies.errors import FieldError, invalid, required, unsupported
from helpers.policies.reading import syntax

PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
ADDRESS = "127.0.0.1"


def _default(obj: Object) -> Object:
    status = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
    return {**obj, "status": {**status, **obj.get("status", {})}}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new.get("spec") or {}
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    if not rules and not backend:
        return [invalid("spec", {}, "either `defaultBackend` or `rules` must be specified")]
    found = _check_backend(backend, "spec.defaultBackend") if backend else []
    for position, rule in enumerate(rules):
        place = f"spec.rules[{position}]"
        host = rule.get("host", "")
        if host:
            name = host.removeprefix("*.")
            found += [invalid(f"{place}.host", host, detail) for detail in syntax.subdomain(name)]
        for number, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            found += _check_path(path, f"{place}.http.paths[{number}]")
    return found


def _check_path(path: Object, place: str) -> list[FieldError]:
    kind, text = path.get("pathType"), path.get("path", "")
    found = _check_backend(path["backend"], f"{place}.backend")
    if kind not in PATH_TYPES:
        found.append(unsupported(f"{place}.pathType", kind, PATH_TYPES))
    if (text or kind != "ImplementationSpecific") and not text.startswith("/"):
        found.append(invalid(f"{place}.path", text, "must be an absolute path"))
    return found


def _check_backend(backend: Object, place: str) -> list[FieldError]:
    service = backend.get("service")
    if not service:
        return [required(f"{place}.service", "the lab's front door leads to Services only")]
    port = service.get("port") or {}
    if not port.get("name") and not port.get("number"):
        return [required(f"{place}.service.port", "port name or number is required")]
    return []


def _warn(new: Object) -> list[str]:
    said = ["the lab's front door serves it: `python -m helpers status` prints the address, to which its path is added"]
    if any(rule.get("host") for rule in new["spec"].get("rules") or ()):
        said.append("for a host, send it: curl -H 'Host: HOST' ...")
    if new["spec"].get("tls"):
        said.append("spec.tls: the front door speaks plain HTTP")
    return said


def _cells(obj: Object) -> list[object]:
    spec = obj.get("spec") or {}
    ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    address = ",".join(str(item.get("ip") or item.get("hostname")) for item in ingress)
    hosts = dict.fromkeys(rule.get("host") or "*" for rule in spec.get("rules") or ()) or ["*"]
    ports = "80, 443" if spec.get("tls") else "80"
    return [name_of(obj), spec.get("ingressClassName") or NONE, join(hosts), address, ports, age_of(obj)]


INGRESSES = Resource(
    "networking.k8s.io",
    "v1",
    "ingresses",
    "Ingress",
    short_names=("ing",),
    subresources=("status",),
    counts_generation=True,
    columns=Columns((NAME, *map(Column, ("Class", "Hosts", "Address", "Ports")), AGE), _cells),
    default=_default,
    check=_check,
    warn=_warn,
)
