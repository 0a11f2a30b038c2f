"""Roles and ClusterRoles: kept and listed, and not enforced."""

from helpers.localcluster.api.resource import NAME, Column, Columns, Object, Resource, name_of
from helpers.policies.errors import FieldError, required

GROUP = "rbac.authorization.k8s.io"
NOT_ENFORCED = "permissions are kept and listed here, and not enforced: the lab has one user, who may do everything"


def not_enforced(new: Object) -> list[str]:
    return [NOT_ENFORCED]


def _check(new: Object, old: Object | None) -> list[FieldError]:
    found = []
    for position, rule in enumerate(new.get("rules") or ()):
        place = f"rules[{position}]"
        if not rule.get("verbs"):
            found.append(required(f"{place}.verbs", "verbs must contain at least one value"))
        if not rule.get("nonResourceURLs"):
            for field in ("apiGroups", "resources"):
                if not rule.get(field):
                    detail = f"resource rules must supply at least one {'api group' if field == 'apiGroups' else field}"
                    found.append(required(f"{place}.{field}", detail))
    return found


def _cells(obj: Object) -> list[object]:
    return [name_of(obj), obj["metadata"].get("creationTimestamp", "")]


def _roles(plural: str, kind: str, namespaced: bool) -> Resource:
    columns = Columns((NAME, Column("Created At")), _cells)
    return Resource(
        GROUP, "v1", plural, kind, namespaced=namespaced, columns=columns, check=_check, warn=not_enforced,
        any_name=True,
    )  # fmt: skip


ROLES = _roles("roles", "Role", True)
CLUSTER_ROLES = _roles("clusterroles", "ClusterRole", False)
