"""CronJobs: a Job at every time that the schedule names."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from helpers.localcluster.api import cron
from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import CRON_JOBS, JOBS
from helpers.localcluster.api.kinds.jobs import finished, with_selector
from helpers.localcluster.api.storage.store import Event, Object, Store, now
from helpers.localcluster.controllers.claims import claimants
from helpers.localcluster.controllers.owners import Owners, controller_of, owner_reference
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.termination import remove

COMPONENT = "cronjob-controller"
MOST_MISSED = 100  # times that are counted back


class CronJobs:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == CRON_JOBS.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == JOBS.key and controller_of(event.object):
            yield from claimants(self._store, event, CRON_JOBS.key)

    def reconcile(self, key: Key) -> float | None:
        wanted = self._store.get(CRON_JOBS.key, *key)
        if wanted is None or wanted["metadata"].get("deletionTimestamp"):
            return None
        jobs = self._owners.managed(wanted, JOBS.key)
        self._forget(wanted, jobs)
        moment = datetime.now(cron.time_zone(wanted["spec"].get("timeZone") or "UTC"))
        due = None if wanted["spec"].get("suspend") else _due(wanted, moment)
        started = self._start(wanted, due, jobs) if due else None
        self._report(wanted, self._owners.managed(wanted, JOBS.key), due if started else None)
        if wanted["spec"].get("suspend"):
            return None
        following = cron.parse(wanted["spec"]["schedule"]).next(moment)
        return None if following is None else max(0.0, (following - moment).total_seconds())

    def _start(self, wanted: Object, due: datetime, jobs: list[Object]) -> Object | None:
        """The Job of this time, if it may start beside those that still run."""
        running = [job for job in jobs if not finished(job)]
        policy = wanted["spec"]["concurrencyPolicy"]
        if policy == "Forbid" and running:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            record(self._store, wanted, "Normal", "JobAlreadyActive", text, COMPONENT)
            return None
        if policy == "Replace":
            for job in running:
                remove(self._store, JOBS.key, job)
        namespace, name = wanted["metadata"]["namespace"], _name(wanted, due)
        if self._store.get(JOBS.key, namespace, name):
            return None
        template = wanted["spec"]["jobTemplate"]
        metadata = template.get("metadata") or {}
        stamp = {"batch.kubernetes.io/cronjob-scheduled-timestamp": due.strftime("%Y-%m-%dT%H:%M:%SZ")}
        job = {
            "apiVersion": JOBS.group_version,
            "kind": JOBS.kind,
            "metadata": {
                "name": name,
                "namespace": namespace,
                **({"labels": metadata["labels"]} if metadata.get("labels") else {}),
                "annotations": {**(metadata.get("annotations") or {}), **stamp},
                "ownerReferences": [owner_reference(wanted)],
            },
            "spec": template["spec"],
        }
        made = self._store.create(JOBS.key, with_selector(JOBS.default(job)))
        record(self._store, wanted, "Normal", "SuccessfulCreate", f"Created job {name}", COMPONENT)
        return made

    def _forget(self, wanted: Object, jobs: list[Object]) -> None:
        """Remove the oldest finished Jobs beyond what is to be kept."""
        for kind, limit in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            over = [job for job in jobs if finished(job) == kind]
            over.sort(key=lambda job: str(job["metadata"]["creationTimestamp"]))
            for job in over[: max(0, len(over) - wanted["spec"][limit])]:
                remove(self._store, JOBS.key, job)

    def _report(self, wanted: Object, jobs: list[Object], scheduled: datetime | None) -> None:
        metadata, status = wanted["metadata"], {**(wanted.get("status") or {})}
        running = [
            {"apiVersion": JOBS.group_version, "kind": JOBS.kind, "name": job["metadata"]["name"],
             "namespace": metadata["namespace"], "uid": job["metadata"]["uid"]}
            for job in jobs if not finished(job)
        ]  # fmt: skip
        status.pop("active", None)
        ends = [job["status"]["completionTime"] for job in jobs if finished(job) == "Complete"]
        if running:
            status["active"] = running
        if scheduled:
            status["lastScheduleTime"] = scheduled.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if ends:
            status["lastSuccessfulTime"] = max([*ends, status.get("lastSuccessfulTime", "")])
        self._store.update_status(CRON_JOBS.key, metadata["namespace"], metadata["name"], status)


def _due(wanted: Object, moment: datetime) -> datetime | None:
    """The latest time of the schedule that has passed and isn't too long ago."""
    since = (wanted.get("status") or {}).get("lastScheduleTime") or wanted["metadata"].get("creationTimestamp") or now()
    schedule = cron.parse(wanted["spec"]["schedule"])
    start = datetime.fromisoformat(since).astimezone(moment.tzinfo)
    deadline = wanted["spec"].get("startingDeadlineSeconds")
    # What a node that was stopped has missed is made good once, and not for every time.
    start = max(start, moment - timedelta(seconds=deadline) if deadline is not None else moment - timedelta(days=1))
    found, following = None, schedule.next(start)
    for _ in range(MOST_MISSED * 20):
        if following is None or following > moment:
            break
        found, following = following, schedule.next(following)
    return found


def _name(wanted: Object, due: datetime) -> str:
    return f"{wanted['metadata']['name']}-{int(due.timestamp()) // 60}"
