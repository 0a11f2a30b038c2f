"""One cluster with the shop, started by a learner whose environment holds a secret and whose umask hides nothing."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster
from support.writer import Api

ENVIRONMENT_SECRET = "of-the-learner-4c1a"
OBJECT_SECRET = "of-an-object-93be"
SECRET_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "keeper"},
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
                "args": ["netexec"],
                "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "safe", "key": "password"}}}],
            }
        ]
    },
}


@pytest.fixture(scope="session")
def lab() -> Iterator[Cluster]:
    """The shop, a Secret, and a pod that gets it in a variable."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEARNER_SECRET", ENVIRONMENT_SECRET)
        patch.setenv("AWS_SECRET_ACCESS_KEY", ENVIRONMENT_SECRET)
        usual = os.umask(0)
        with cluster(prefix="lab-secure-") as own:
            os.umask(usual)
            api = Api(own.home / "kubeconfig")
            value = base64.b64encode(OBJECT_SECRET.encode()).decode()
            api.request(
                "POST",
                "/api/v1/namespaces/default/secrets",
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "safe"}, "data": {"password": value}},
            )
            api.request("POST", "/api/v1/namespaces/default/pods", SECRET_POD)
            own.kubectl("wait", "--for=condition=Ready", "pod/keeper", "--timeout=20s")
            own.refresh()
            yield own


@pytest.fixture
def api(lab: Cluster) -> Api:
    return Api(lab.home / "kubeconfig")
