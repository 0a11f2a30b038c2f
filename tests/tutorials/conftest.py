"""One empty cluster for all tutorials; every reader gets a namespace."""

from collections.abc import Iterator
from itertools import count

import pytest
from support.cluster import Cluster, cluster

from tutorials.reader import Reader

_numbers = count(1)


@pytest.fixture(scope="session")
def tutorial_cluster() -> Iterator[Cluster]:
    with cluster("--empty") as lab:
        yield lab


@pytest.fixture
def reader(tutorial_cluster: Cluster) -> Iterator[Reader]:
    made = Reader(tutorial_cluster, f"reader-{next(_numbers)}")
    yield made
    made.leave()
