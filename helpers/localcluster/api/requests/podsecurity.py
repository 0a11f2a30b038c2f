"""Pod Security Admission: what a namespace's label `pod-security.kubernetes.io/enforce` lets no pod do.

The levels are those of the Pod Security Standards; of a pod's fields those are looked at that the lab knows.
"""

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]

LABEL = "pod-security.kubernetes.io/enforce"
LEVELS = ("privileged", "baseline", "restricted")
_ALLOWED = frozenset(
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID "
    "SYS_CHROOT".split()
)
_VOLUMES = frozenset("configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret".split())
_PROFILES = ("RuntimeDefault", "Localhost")


def violation(namespace: Object, pod: Object) -> str:
    """Why the namespace takes no such pod, in the API server's words; empty if it does."""
    labels = namespace["metadata"].get("labels") or {}
    level, version = labels.get(LABEL, "privileged"), labels.get(f"{LABEL}-version", "latest")
    if level not in LEVELS[1:]:
        return ""
    found = [*_baseline(pod["spec"]), *(_restricted(pod["spec"]) if level == "restricted" else ())]
    return f'violates PodSecurity "{level}:{version}": {", ".join(found)}' if found else ""


def _containers(spec: Object) -> list[Object]:
    return [one for kind in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(kind) or []]


def _context(container: Object) -> Object:
    return container.get("securityContext") or {}


def _names(containers: list[Object]) -> str:
    names = ", ".join(f'"{one["name"]}"' for one in containers)
    return f"container{'s' * (len(containers) != 1)} {names}"


def _baseline(spec: Object) -> Iterator[str]:
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if shared:
        yield f"host namespaces ({', '.join(shared)})"
    privileged = [one for one in _containers(spec) if _context(one).get("privileged")]
    if privileged:
        yield f"privileged ({_names(privileged)} must not set securityContext.privileged=true)"
    for one in _containers(spec):
        added = [name for name in (_context(one).get("capabilities") or {}).get("add") or () if name not in _ALLOWED]
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            yield (
                f"non-default capabilities ({_names([one])} must not include {listed} in "
                "securityContext.capabilities.add)"
            )
        ports = [port["hostPort"] for port in one.get("ports") or () if port.get("hostPort")]
        if ports:
            yield f"hostPort ({_names([one])} uses hostPort{'s' * (len(ports) > 1)} {', '.join(map(str, ports))})"
    paths = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath")]
    if paths:
        listed = ", ".join(f'"{name}"' for name in paths)
        yield f"hostPath volumes (volume{'s' * (len(paths) > 1)} {listed})"
    if _profile(spec.get("securityContext") or {}) == "Unconfined" or any(
        _profile(_context(one)) == "Unconfined" for one in _containers(spec)
    ):
        yield 'seccompProfile (pod or container must not set securityContext.seccompProfile.type to "Unconfined")'


def _restricted(spec: Object) -> Iterator[str]:
    own, every = spec.get("securityContext") or {}, _containers(spec)
    kinds = [volume["name"] for volume in spec.get("volumes") or () if not _VOLUMES & volume.keys() and len(volume) > 1]
    if kinds:
        listed = ", ".join(f'"{name}"' for name in kinds)
        yield f"restricted volume types (volume{'s' * (len(kinds) > 1)} {listed} uses a restricted volume type)"
    if rising := [one for one in every if _context(one).get("allowPrivilegeEscalation") is not False]:
        yield (
            f"allowPrivilegeEscalation != false ({_names(rising)} must set "
            "securityContext.allowPrivilegeEscalation=false)"
        )
    keeping = [one for one in every if "ALL" not in ((_context(one).get("capabilities") or {}).get("drop") or ())]
    if keeping:
        yield f'unrestricted capabilities ({_names(keeping)} must set securityContext.capabilities.drop=["ALL"])'
    if root := [one for one in every if not _context(one).get("runAsNonRoot", own.get("runAsNonRoot"))]:
        yield f"runAsNonRoot != true (pod or {_names(root)} must set securityContext.runAsNonRoot=true)"
    if zero := [one for one in every if _context(one).get("runAsUser", own.get("runAsUser")) == 0]:
        yield f"runAsUser=0 (pod or {_names(zero)} must not set runAsUser=0)"
    if open_ := [one for one in every if (_profile(_context(one)) or _profile(own)) not in _PROFILES]:
        yield (
            f"seccompProfile (pod or {_names(open_)} must set securityContext.seccompProfile.type to "
            '"RuntimeDefault" or "Localhost")'
        )


def _profile(context: Object) -> str:
    return str((context.get("seccompProfile") or {}).get("type") or "")
