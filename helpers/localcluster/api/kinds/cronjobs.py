"""CronJobs: a Job at every time that a schedule names."""

from helpers.localcluster.api import cron
from helpers.localcluster.api.humanize import age
from helpers.localcluster.api.kinds import jobs
from helpers.localcluster.api.kinds.workloads import CONTAINERS, containers
from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.validation.workloads import check_natural
from helpers.policies.errors import FieldError, invalid, required, unsupported

CONCURRENCY = ("Allow", "Forbid", "Replace")
LONGEST_NAME = 52  # the Jobs' names have eleven characters more


def _default(obj: Object) -> Object:
    own = {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    spec = {**own, **obj["spec"]}
    template = spec.get("jobTemplate") or {}
    if "spec" in template:
        spec["jobTemplate"] = {**template, "spec": jobs.default_spec(template["spec"])}
    return {**obj, "spec": spec}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec, name = new["spec"], new["metadata"].get("name", "")
    found = _check_schedule(spec)
    if len(name) > LONGEST_NAME:
        found.append(invalid("metadata.name", name, f"must be no more than {LONGEST_NAME} characters"))
    if spec["concurrencyPolicy"] not in CONCURRENCY:
        found.append(unsupported("spec.concurrencyPolicy", spec["concurrencyPolicy"], CONCURRENCY))
    for number in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        found += check_natural(spec, number)
    template = spec.get("jobTemplate") or {}
    if "spec" not in template:
        return [*found, required("spec.jobTemplate.spec")]
    return found + jobs.check_spec(template["spec"], "spec.jobTemplate.spec")


def _check_schedule(spec: Object) -> list[FieldError]:
    found: list[FieldError] = []
    if not spec.get("schedule"):
        found.append(required("spec.schedule"))
    else:
        try:
            cron.parse(spec["schedule"])
        except cron.Malformed as error:
            found.append(invalid("spec.schedule", spec["schedule"], str(error)))
    zone = spec.get("timeZone")
    if zone is not None:
        try:
            cron.time_zone(zone)
        except cron.Malformed:
            found.append(invalid("spec.timeZone", zone, f"unknown time zone {zone}"))
    return found


def _cells(obj: Object) -> list[object]:
    spec, held = obj["spec"], obj.get("status", {})
    last = age(held["lastScheduleTime"]) if held.get("lastScheduleTime") else NONE
    shown = [spec.get("schedule", ""), spec.get("timeZone") or NONE, str(bool(spec.get("suspend")))]
    job = spec.get("jobTemplate") or {}
    return [name_of(obj), *shown, len(held.get("active") or ()), last, age_of(obj), *containers({"spec": job["spec"]})]


CRON_JOBS = Resource(
    "batch",
    "v1",
    "cronjobs",
    "CronJob",
    short_names=("cj",),
    categories=("all",),
    subresources=("status",),
    counts_generation=True,
    columns=Columns(
        (
            NAME,
            *map(Column, ("Schedule", "Timezone", "Suspend")),
            Column("Active", "integer"),
            Column("Last Schedule"),
            AGE,
            *CONTAINERS,
        ),
        _cells,
    ),
    default=_default,
    check=_check,
    makes_others=True,
)
