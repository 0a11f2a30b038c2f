"""Jobs: pods that end, until enough of them have succeeded."""

import uuid
from datetime import UTC, datetime

from helpers.localcluster.api.humanize import duration
from helpers.localcluster.api.kinds.workloads import CONTAINERS, containers
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.shapes.defaults import workload
from helpers.localcluster.api.validation import pods
from helpers.localcluster.api.validation.metadata import check_labels
from helpers.localcluster.api.validation.workloads import check_natural
from helpers.policies.errors import FieldError, invalid, required, unsupported
from helpers.policies.reading.validation import selector_errors

UID_LABEL, NAME_LABEL = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
POLICIES = ("OnFailure", "Never")
MODES = ("NonIndexed", "Indexed")
NUMBERS = ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished")


def default_spec(spec: Object) -> Object:
    """A Job's spec, in a Job or in a CronJob's template."""
    own: Object = {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "manualSelector": False}
    if "completions" not in spec and "parallelism" not in spec:
        own |= {"completions": 1}
    filled: Object = workload({"spec": spec}, {"parallelism": 1, "podReplacementPolicy": "TerminatingOrFailed", **own})
    return dict(filled["spec"])


def check_spec(spec: Object, path: str) -> list[FieldError]:
    """A Job's spec, wherever it stands."""
    found = [error for name in NUMBERS for error in check_natural(spec, name, path)]
    if spec["completionMode"] not in MODES:
        found.append(unsupported(f"{path}.completionMode", spec["completionMode"], MODES))
    elif spec["completionMode"] == "Indexed" and "completions" not in spec:
        found.append(required(f"{path}.completions", "when completion mode is Indexed"))
    template = spec.get("template") or {}
    if "spec" not in template:
        return [*found, required(f"{path}.template.spec")]
    place = f"{path}.template.spec"
    found += check_labels((template.get("metadata") or {}).get("labels") or {}, f"{path}.template.labels")
    found += pods.check_spec(template["spec"], place)
    policy = template["spec"].get("restartPolicy")
    if policy not in POLICIES:
        found.append(unsupported(f"{place}.restartPolicy", policy, POLICIES))
    return found


def with_selector(job: Object) -> Object:
    """The new Job with the labels by which it finds its pods, which carry its uid."""
    if job["spec"].get("manualSelector"):
        return job
    uid, name = str(uuid.uuid4()), job["metadata"]["name"]
    spec, metadata = job["spec"], job["spec"]["template"].get("metadata") or {}
    labels = {UID_LABEL: uid, NAME_LABEL: name, "controller-uid": uid, "job-name": name}
    template = {**spec["template"], "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}}
    spec = {**spec, "selector": {"matchLabels": {UID_LABEL: uid}}, "template": template}
    return {**job, "metadata": {**job["metadata"], "uid": uid}, "spec": spec}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    found = check_spec(spec, "spec") + selector_errors(spec.get("selector") or {}, "spec.selector")
    for name in ("selector", "template", "completions", "completionMode"):
        # A suspended Job that never started may get another template.
        if old and spec.get(name) != old["spec"].get(name) and not (name == "template" and old["spec"]["suspend"]):
            found.append(invalid(f"spec.{name}", spec.get(name), "field is immutable"))
    return found


def finished(job: Object) -> str:
    """Complete or Failed, once it is; else an empty text."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return str(condition["type"])
    return ""


def _state(job: Object) -> str:
    if job["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return finished(job) or ("Suspended" if job["spec"].get("suspend") else "Running")


def _cells(obj: Object) -> list[object]:
    spec, held = obj["spec"], obj.get("status", {})
    wanted = spec.get("completions")
    of = f"1 of {spec.get('parallelism', 1)}" if wanted is None else str(wanted)
    done = f"{held.get('succeeded', 0)}/{of}"
    started, ended = held.get("startTime"), held.get("completionTime")
    took = ""
    if started:
        end = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
        took = duration(int((end - datetime.fromisoformat(started)).total_seconds()))
    return [name_of(obj), _state(obj), done, took, age_of(obj), *containers(obj)]


JOBS = Resource(
    "batch",
    "v1",
    "jobs",
    "Job",
    categories=("all",),
    subresources=("status",),
    field_labels=("status.successful",),
    counts_generation=True,
    columns=Columns((NAME, *map(Column, ("Status", "Completions", "Duration")), AGE, *CONTAINERS), _cells),
    default=lambda obj: {**obj, "spec": default_spec(obj["spec"])},
    check=_check,
    makes_others=True,
)
