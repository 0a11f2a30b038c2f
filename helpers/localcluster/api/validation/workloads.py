"""What the kinds with a selector and a pod template have in common."""

from helpers.localcluster.api.requests.selectors import matches
from helpers.localcluster.api.resource import Object
from helpers.localcluster.api.validation import pods
from helpers.localcluster.api.validation.metadata import check_labels
from helpers.policies.errors import FieldError, invalid, required, unsupported
from helpers.policies.reading.validation import selector_errors


def check_workload(new: Object, old: Object | None) -> list[FieldError]:
    """Selector and template of pods that always run again."""
    spec = new["spec"]
    selector, template = spec["selector"], spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    found = selector_errors(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        found.append(invalid("spec.selector", selector, "empty selector is invalid for deployment"))
    elif not found and not matches(selector, labels):
        found.append(invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    found += check_labels(labels, "spec.template.metadata.labels")
    if "spec" not in template:
        found.append(required("spec.template.spec"))
    else:
        found += pods.check_spec(template["spec"], "spec.template.spec")
        policy = template["spec"].get("restartPolicy", "Always")
        if policy in pods.RESTART_POLICIES and policy != "Always":
            found.append(unsupported("spec.template.spec.restartPolicy", policy, ("Always",)))
    if old and old["spec"]["selector"] != selector:
        found.append(invalid("spec.selector", selector, "field is immutable"))
    return found


def check_natural(spec: Object, name: str, path: str = "spec") -> list[FieldError]:
    """A whole number from 0 that fits into 32 bits."""
    value = spec.get(name, 0)
    if value < 0:
        return [invalid(f"{path}.{name}", value, "must be greater than or equal to 0")]
    return [invalid(f"{path}.{name}", value, "must be below 2147483648")] if value >= 1 << 31 else []
