"""RoleBindings and ClusterRoleBindings: who has which role. Kept and listed, and not enforced."""

from helpers.localcluster.api.kinds.roles import GROUP, not_enforced
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of, wide
from helpers.policies.errors import FieldError, invalid, unsupported

SUBJECTS = ("Group", "ServiceAccount", "User")


def _default(obj: Object) -> Object:
    subjects = [
        subject if subject.get("kind") == "ServiceAccount" else {"apiGroup": GROUP, **subject}
        for subject in obj.get("subjects") or ()
    ]
    reference = {**obj["roleRef"], "apiGroup": obj["roleRef"].get("apiGroup") or GROUP}
    return {**obj, "roleRef": reference, **({"subjects": subjects} if subjects else {})}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    found = [
        unsupported(f"subjects[{position}].kind", subject.get("kind"), SUBJECTS)
        for position, subject in enumerate(new.get("subjects") or ())
        if subject.get("kind") not in SUBJECTS
    ]
    if new["roleRef"].get("kind") not in ("ClusterRole", "Role"):
        found.append(unsupported("roleRef.kind", new["roleRef"].get("kind"), ("ClusterRole", "Role")))
    if old and new["roleRef"] != old["roleRef"]:
        found.append(invalid("roleRef", new["roleRef"], "cannot change roleRef"))
    return found


def _cells(obj: Object) -> list[object]:
    reference, subjects = obj["roleRef"], obj.get("subjects") or ()
    names = {
        kind: ", ".join(
            f"{subject.get('namespace', '')}/{subject['name']}" if kind == "ServiceAccount" else subject["name"]
            for subject in subjects
            if subject["kind"] == kind
        )
        for kind in ("User", "Group", "ServiceAccount")
    }
    return [name_of(obj), f"{reference['kind']}/{reference['name']}", age_of(obj), *names.values()]


def _bindings(plural: str, kind: str, namespaced: bool) -> Resource:
    columns = Columns((NAME, Column("Role"), AGE, *wide("Users", "Groups", "ServiceAccounts")), _cells)
    return Resource(
        GROUP, "v1", plural, kind, namespaced=namespaced, columns=columns, default=_default, check=_check,
        warn=not_enforced, any_name=True,
    )  # fmt: skip


ROLE_BINDINGS = _bindings("rolebindings", "RoleBinding", True)
CLUSTER_ROLE_BINDINGS = _bindings("clusterrolebindings", "ClusterRoleBinding", False)
