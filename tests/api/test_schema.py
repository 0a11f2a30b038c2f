"""The committed schema against the installed client; what clients read from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.api import generate_schema, openapi, schema
from helpers.localcluster.api.merge_keys import MERGE_KEYS, MERGE_SETS
from helpers.localcluster.api.resources import RESOURCES

from .conftest import Cluster

API = Path(schema.__file__).parent


def test_the_schema_is_what_the_installed_client_says() -> None:
    """When the client is upgraded: `python -m helpers.localcluster.api.generate_schema`."""
    assert json.loads((API / "schema.json").read_text()) == generate_schema.Generator().run()


def test_it_holds_names_and_types_only() -> None:
    """Other people's sentences don't belong in it."""
    for name, fields in json.loads((API / "schema.json").read_text())["types"].items():
        for field, spelled in fields.items():
            assert re.fullmatch(r"[A-Za-z0-9]+", name)
            assert re.fullmatch(r"[A-Za-z0-9]+!?", field)
            assert re.fullmatch(r"(\[\]|\{\})*[A-Za-z0-9]+", spelled)


def test_every_kind_has_a_schema() -> None:
    for resource in RESOURCES.values():
        known = schema.root(resource).structure
        assert known and "metadata" in known.fields


def test_merge_keys_name_fields_that_exist() -> None:
    for owner, lists in MERGE_KEYS.items():
        for field, key in lists.items():
            type = schema.structure(owner).fields[field]
            assert type.shape == "list" and type.item and type.item.structure
            assert key in type.item.structure.fields
    for owner, field in MERGE_SETS:
        assert schema.structure(owner).fields[field].name == "[]string"


def test_descriptions_name_fields_that_exist() -> None:
    for name, text in openapi.descriptions().items():
        owner, _, field = name.partition(".")
        assert text.endswith("."), name
        if owner != "*":
            assert not field or field in schema.structure(owner).fields, name


@pytest.mark.parametrize("kind", ["NetworkPolicy", "Flow"])
def test_the_course_s_kinds_are_described_to_the_last_field(kind: str) -> None:
    for owner in schema.reachable([kind]):
        if owner in ("ObjectMeta", "OwnerReference", "ManagedFieldsEntry"):
            continue
        assert owner in openapi.descriptions()
        for field in schema.structure(owner).fields:
            assert openapi._described(owner, field), f"{owner}.{field}"


def test_documents_resolve(cluster: Cluster) -> None:
    _, index = cluster.request("GET", "/openapi/v3")
    for path in index["paths"].values():
        status, document = cluster.request("GET", path["serverRelativeURL"])
        assert (status, document["openapi"]) == (200, "3.0.0")
        schemas = document["components"]["schemas"]
        assert {reference.rpartition("/")[2] for reference in _references(document)} <= set(schemas)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []


def test_documents_are_sent_once(cluster: Cluster) -> None:
    import http.client

    connection = http.client.HTTPSConnection("127.0.0.1", cluster.port, context=cluster.tls())
    headers = {"Authorization": f"Bearer {cluster.credentials.token}"}
    for path in ("/openapi/v3/apis/networking.k8s.io/v1", "/api"):
        if path == "/api":
            headers["Accept"] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        connection.request("GET", path, headers=headers)
        first = connection.getresponse()
        first.read()
        connection.request("GET", path, headers={**headers, "If-None-Match": first.headers["ETag"]})
        again = connection.getresponse()
        assert (again.status, again.read()) == (304, b"")
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
    connection.close()


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"]
)
def test_both_discoveries_list_every_resource(cluster: Cluster, accept: str) -> None:
    found = set()
    for prefix in ("/api", "/apis"):
        _, answer = cluster.request("GET", prefix, headers={"Accept": accept})
        if answer["kind"] == "APIGroupDiscoveryList":
            versions = [version for group in answer["items"] for version in group["versions"]]
            found |= {resource["resource"] for version in versions for resource in version["resources"]}
        else:
            paths = (
                ["/api/v1"]
                if prefix == "/api"
                else [f"/apis/{group['preferredVersion']['groupVersion']}" for group in answer["groups"]]
            )
            for path in paths:
                found |= {
                    item["name"] for item in cluster.request("GET", path)[1]["resources"] if "/" not in item["name"]
                }
    assert found >= {resource.plural for resource in RESOURCES.values()}


@pytest.mark.parametrize(
    "path", ["/apis/nosuch", "/apis/apps/v2", "/api/v2", "/openapi/v3/apis/nosuch/v1", "/openapi/v4"]
)
def test_what_is_not_served_is_not_found(cluster: Cluster, path: str) -> None:
    assert cluster.request("GET", path)[0] == 404
