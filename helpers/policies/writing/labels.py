"""The labels by which policies name a workload's pods and no others."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.policies.model import Workload
from helpers.policies.model.naming import TELLING, lasting_labels
from helpers.policies.wording import listed, short


class Labels:
    """For each workload the fewest labels that mean its pods and no others of the namespace; `notes` say of which
    workloads there are none."""

    def __init__(self, workloads: Mapping[str, Workload]) -> None:
        self._workloads = workloads
        self._having = _having(workloads)
        self._chosen: dict[str, dict[str, str]] = {}
        self.notes: dict[str, None] = {}

    def __getitem__(self, key: str) -> dict[str, str]:
        found = self._chosen.get(key)
        if found is None:
            found = self._chosen[key] = self._choose(key)
        return found

    def _choose(self, key: str) -> dict[str, str]:
        workload = self._workloads[key]
        lasting = _shared(workload)
        choices = [{name: lasting[name]} for name in TELLING if name in lasting]
        for choice in (*choices, lasting):
            if choice and self.meant(choice, workload.namespace) <= {key}:
                return choice
        others = sorted(self.meant(lasting, workload.namespace) - {key})
        if others and not workload.pods[0].host_network:
            self.notes[
                f"No labels tell {short(key)} from {listed(map(short, others), most=4)}: its policies hold for "
                "them too."
            ] = None
        return lasting

    def meant(self, labels: Mapping[str, str], namespace: str) -> set[str]:
        """The workloads of a namespace with a pod that policies can hold and that has these labels."""
        named = [self._having.get((namespace, *label), set()) for label in labels.items()]
        keys = (
            set.intersection(*named)
            if named
            else {key for key, workload in self._workloads.items() if workload.namespace == namespace}
        )
        return {
            key
            for key in keys
            if any(labels.items() <= pod.labels.items() and not pod.host_network for pod in self._workloads[key].pods)
        }


def _shared(workload: Workload) -> dict[str, str]:
    """The lasting labels that all pods of a workload have."""
    first, *others = (lasting_labels(pod.labels) for pod in workload.pods)
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _having(workloads: Mapping[str, Workload]) -> dict[tuple[str, str, str], set[str]]:
    """(namespace, label, value) -> the workloads with a pod that has it."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for key, workload in workloads.items():
        for pod in workload.pods:
            for name, value in pod.labels.items():
                found.setdefault((pod.namespace, name, value), set()).add(key)
    return found
