"""The loops that make the cluster what its objects say: rollouts, endpoints, namespaces, owners."""

from collections.abc import Callable

from helpers.localcluster.api.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINTS,
    JOBS,
    NAMESPACES,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
)
from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.controllers.cronjobs import CronJobs
from helpers.localcluster.controllers.customobjects import CustomObjects
from helpers.localcluster.controllers.daemonsets import DaemonSets
from helpers.localcluster.controllers.deployments import Deployments
from helpers.localcluster.controllers.endpoints import EndpointSlices
from helpers.localcluster.controllers.endpointslists import EndpointsLists
from helpers.localcluster.controllers.jobs import Jobs
from helpers.localcluster.controllers.namespaces import Namespaces
from helpers.localcluster.controllers.owners import GarbageCollector, Owners
from helpers.localcluster.controllers.queue import Controller, Key, WorkQueue
from helpers.localcluster.controllers.replicasets import ReplicaSets
from helpers.localcluster.controllers.statefulsets import StatefulSets

__all__ = ["Controllers"]


class Controllers:
    """All controllers of the node, on the running event loop. `start` also looks at everything that is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unsubscribe: list[Callable[[], None]] = []
        self._queues: list[WorkQueue] = []

    def start(self) -> None:
        owners = Owners(self._store)
        # The index hears of an event before the controllers that ask it.
        self._subscribe(owners.on_event)
        collector = GarbageCollector(self._store, owners)
        self._run(Deployments(self._store, owners), DEPLOYMENTS.key)
        self._run(ReplicaSets(self._store, owners), REPLICA_SETS.key)
        self._run(StatefulSets(self._store, owners), STATEFUL_SETS.key)
        self._run(DaemonSets(self._store, owners), DAEMON_SETS.key)
        self._run(Jobs(self._store, owners), JOBS.key)
        self._run(CronJobs(self._store, owners), CRON_JOBS.key)
        self._run(EndpointSlices(self._store, owners), SERVICES.key)
        self._run(EndpointsLists(self._store, owners), ENDPOINTS.key)
        self._run(CustomObjects(self._store))
        self._run(Namespaces(self._store), NAMESPACES.key)
        queue = self._run(collector)
        for key in collector.first_look():
            queue.add(key)

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for queue in self._queues:
            queue.close()

    def _subscribe(self, callback: Callable[[Event], None]) -> None:
        self._unsubscribe.append(self._store.subscribe(callback))

    def _run(self, controller: Controller, resource: str | None = None) -> WorkQueue:
        queue = WorkQueue(controller)
        self._queues.append(queue)
        self._subscribe(queue.on_event)
        for obj in self._store.list(resource) if resource else ():
            queue.add(Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))
        return queue
