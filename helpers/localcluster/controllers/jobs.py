"""Jobs: pods that end, started until enough of them have succeeded or too many have failed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, repeat

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import JOBS, PODS
from helpers.localcluster.api.kinds.jobs import finished
from helpers.localcluster.api.storage.store import Event, Object, Store, now
from helpers.localcluster.api.termination import remove_pod
from helpers.localcluster.controllers.claims import claim, claimants
from helpers.localcluster.controllers.owners import Owners
from helpers.localcluster.controllers.podmaking import active, ended, make_pod, ready_since
from helpers.localcluster.controllers.queue import Key

COMPONENT = "job-controller"
INDEX = "batch.kubernetes.io/job-completion-index"
FIRST_WAIT, LAST_WAIT = 10.0, 360.0  # seconds before a failed pod has a successor; doubled each time
BURST = 50  # pods in one go; the event loop serves others in between


class Jobs:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners
        # A pod that has ended counts, also when somebody deletes it: by its Job's uid, and by its own.
        self._ends: dict[str, dict[str, Object]] = {}

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == JOBS.key:
            if event.type != "DELETED":
                yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
            else:
                self._ends.pop(event.object["metadata"]["uid"], None)
        elif event.resource == PODS.key:
            yield from claimants(self._store, event, JOBS.key)

    def reconcile(self, key: Key) -> float | None:
        job = self._store.get(JOBS.key, *key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return None
        if finished(job):
            return self._expire(job)
        pods = claim(self._store, self._owners, job, PODS.key)
        ends = self._ends.setdefault(job["metadata"]["uid"], {})
        ends |= {pod["metadata"]["uid"]: pod for pod in pods if ended(pod)}
        running = [pod for pod in pods if active(pod)]
        succeeded, failed = _tally(job, [*ends.values()])
        verdict = self._verdict(job, succeeded, failed, running)
        if verdict or job["spec"].get("suspend"):
            for pod in running:
                remove_pod(self._store, pod)
            self._report(job, [], succeeded, failed, verdict)
            return None
        wait = self._start(job, running, succeeded, [*ends.values()])
        running = [pod for pod in self._owners.managed(job, PODS.key) if active(pod)]
        self._report(job, running, succeeded, failed, None)
        return min((item for item in (wait, self._until_deadline(job)) if item is not None), default=None)

    def _verdict(self, job: Object, succeeded: int, failed: int, running: list[Object]) -> tuple[str, str, str] | None:
        """Type, reason and message of the condition that ends the Job, or None while it goes on."""
        spec = job["spec"]
        restarts = sum(_restarts(pod) for pod in running)
        deadline = self._until_deadline(job)
        if deadline is not None and deadline <= 0:
            return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
        if failed + restarts > spec.get("backoffLimit", 6):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        wanted = spec.get("completions")
        if (wanted is None and succeeded and not running) or (wanted is not None and succeeded >= wanted):
            return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
        return None

    def _start(self, job: Object, running: list[Object], succeeded: int, ends: list[Object]) -> float | None:
        """Start what is missing; seconds until the rest may start."""
        spec = job["spec"]
        wanted = spec.get("completions")
        room = spec.get("parallelism", 1) - len(running)
        if wanted is not None:
            room = min(room, wanted - succeeded - len(running))
        elif succeeded:
            room = 0
        for pod in running[: max(0, -room)]:
            remove_pod(self._store, pod)
        if room <= 0:
            return None
        wait = _back_off(ends)
        if wait > 0:
            return wait
        indexes = _missing_indexes(job, running, ends) if spec["completionMode"] == "Indexed" else repeat(None)
        for index in islice(indexes, min(room, BURST)):
            self._make(job, index)
        return 0 if room > BURST else None

    def _make(self, job: Object, index: int | None) -> None:
        name, template = job["metadata"]["name"], job["spec"]["template"]
        if index is None:
            make_pod(self._store, job, template, COMPONENT)
            return
        variable = {"name": "JOB_COMPLETION_INDEX", "value": str(index)}
        containers = [
            {**container, "env": [*(container.get("env") or ()), variable]}
            for container in template["spec"]["containers"]
        ]
        mark = {INDEX: str(index)}
        make_pod(
            self._store, job, template, COMPONENT, prefix=f"{name}-{index}-", labels=mark, annotations=mark,
            spec={"containers": containers, "hostname": f"{name}-{index}"},
        )  # fmt: skip

    def _report(
        self, job: Object, running: list[Object], succeeded: int, failed: int, verdict: tuple[str, str, str] | None
    ) -> None:
        held, metadata = job.get("status") or {}, job["metadata"]
        suspended = bool(job["spec"].get("suspend"))
        status: Object = {"conditions": [*(held.get("conditions") or ())], "startTime": held.get("startTime") or now()}
        counts = {
            "active": len(running),
            "succeeded": succeeded,
            "failed": failed,
            "ready": sum(ready_since(pod) is not None for pod in running),
            "terminating": 0,
        }
        status |= {name: count for name, count in counts.items() if count or name in ("ready", "terminating")}
        status["uncountedTerminatedPods"] = {}
        if suspended:
            del status["startTime"]
        _set_condition(status, "Suspended", suspended, "JobSuspended" if suspended else "JobResumed", "")
        if verdict:
            kind, reason, message = verdict
            interim = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
            for name in (interim, kind):
                _set_condition(status, name, True, reason, message)
            if kind == "Complete":
                status["completionTime"] = now()
            record(self._store, job, "Normal" if kind == "Complete" else "Warning",
                   "Completed" if kind == "Complete" else reason, message if kind == "Failed" else "Job completed",
                   COMPONENT)  # fmt: skip
        if job["spec"]["completionMode"] == "Indexed":
            status["completedIndexes"] = _spelled(_succeeded_indexes([*self._ends.get(metadata["uid"], {}).values()]))
        self._store.update_status(JOBS.key, metadata["namespace"], metadata["name"], status)

    def _until_deadline(self, job: Object) -> float | None:
        limit, started = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
        return None if limit is None or not started else limit - _seconds_since(started)

    def _expire(self, job: Object) -> float | None:
        """Remove a finished Job whose time is over; seconds until then."""
        metadata, seconds = job["metadata"], job["spec"].get("ttlSecondsAfterFinished")
        self._ends.pop(metadata["uid"], None)
        if seconds is None:
            return None
        over = next(item for item in job["status"]["conditions"] if item["type"] in ("Complete", "Failed"))
        left = float(seconds - _seconds_since(over["lastTransitionTime"]))
        if left > 0:
            return left
        self._store.delete(JOBS.key, metadata["namespace"], metadata["name"], uid=metadata["uid"])
        return None


def _tally(job: Object, ends: list[Object]) -> tuple[int, int]:
    """Pods that succeeded and failed; what the status says already stays true after a restart of the node."""
    held = job.get("status") or {}
    if job["spec"]["completionMode"] == "Indexed":
        succeeded = len(_succeeded_indexes(ends))
    else:
        succeeded = sum(pod["status"]["phase"] == "Succeeded" for pod in ends)
    failed = sum(pod["status"]["phase"] == "Failed" for pod in ends)
    return max(succeeded, held.get("succeeded", 0)), max(failed, held.get("failed", 0))


def _restarts(pod: Object) -> int:
    """How often the containers of a pod that is restarted in place have failed."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return sum(item.get("restartCount", 0) for item in statuses) if pod["spec"]["restartPolicy"] == "OnFailure" else 0


def _back_off(ends: list[Object]) -> float:
    """Seconds until a pod may be started again, longer after each failure in a row."""
    ordered = sorted(ends, key=_ended_at)
    failures = 0
    for pod in reversed(ordered):
        if pod["status"]["phase"] != "Failed":
            break
        failures += 1
    if not failures:
        return 0.0
    return min(LAST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 8)) - _seconds_since(_ended_at(ordered[-1]))


def _ended_at(pod: Object) -> str:
    statuses = pod["status"].get("containerStatuses") or ()
    ends = [(item.get("state", {}).get("terminated") or {}).get("finishedAt") for item in statuses]
    return str(max((end for end in ends if end), default=pod["metadata"]["creationTimestamp"]))


def _seconds_since(time: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(time)) / timedelta(seconds=1)


def _index(pod: Object) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(INDEX, "")
    return int(text) if text.isdigit() else -1


def _succeeded_indexes(ends: list[Object]) -> set[int]:
    return {_index(pod) for pod in ends if pod["status"]["phase"] == "Succeeded"} - {-1}


def _missing_indexes(job: Object, running: list[Object], ends: list[Object]) -> Iterator[int | None]:
    taken = _succeeded_indexes(ends) | {_index(pod) for pod in running}
    return (index for index in range(job["spec"]["completions"]) if index not in taken)


def _spelled(indexes: set[int]) -> str:
    """`0-2,5` for 0, 1, 2 and 5."""
    spans: list[list[int]] = []
    for index in sorted(indexes):
        if spans and spans[-1][1] == index - 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _set_condition(status: Object, kind: str, true: bool, reason: str, message: str) -> None:
    """Note a condition; one that was never true is left out."""
    held = next((item for item in status["conditions"] if item["type"] == kind), None)
    value = "True" if true else "False"
    if (held is None and not true) or (held is not None and held["status"] == value):
        return
    condition = {"type": kind, "status": value, "reason": reason, "message": message,
                 "lastProbeTime": now(), "lastTransitionTime": now()}  # fmt: skip
    status["conditions"] = [*(item for item in status["conditions"] if item["type"] != kind), condition]
