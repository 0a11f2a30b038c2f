"""The cluster that the tests of a module share."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster

from helpers import lab
from helpers.lab.cluster import session


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


@pytest.fixture
def kernel(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process works with the test's cluster, as a kernel would after lab.start()."""
    for name in ("PATH", "KUBECONFIG", "KUBECACHEDIR"):
        monkeypatch.setenv(name, "/usr/bin")
    monkeypatch.setenv("LAB_HOME", str(own.home))
    monkeypatch.delenv("LAB_CONTEXT", raising=False)
    session.use(None)
    lab.start()
    yield
    session.use(None)
