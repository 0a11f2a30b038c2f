"""The cluster that the tests of a module share."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as found:
        yield found
