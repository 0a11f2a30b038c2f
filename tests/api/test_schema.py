"""The committed schema against the installed client; what clients read from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import models

from helpers.localcluster.api.kinds import RESOURCES
from helpers.localcluster.api.shapes import generate_schema, openapi, schema

from .conftest import Cluster

API = Path(schema.__file__).parent


MODELS = [(name, model) for name in json.loads((API / "schema.json").read_text())["types"]
          for prefix in ("V1", "CoreV1", "RbacV1") if (model := getattr(models, prefix + name, None))]  # fmt: skip


def test_most_structures_are_known_to_the_client_too() -> None:
    assert len(MODELS) > 250


@pytest.mark.parametrize(("name", "model"), MODELS, ids=[name for name, _ in MODELS])
def test_the_schema_has_the_fields_of_the_installed_client(name: str, model: Any) -> None:
    """When the client is upgraded: `python -m helpers.localcluster.api.shapes.generate_schema FOLDER`."""
    listed = {str(field.serialization_alias or field.alias or key): field for key, field in model.model_fields.items()}
    known = schema.structure(name)
    assert {*listed} - {"apiVersion", "kind"} == {*known.fields} - {"apiVersion", "kind"}
    needed = {field for field in listed if listed[field].is_required()}
    assert {*known.required} == {field for field in needed if (name, field) not in generate_schema.FILLED_IN}


def test_it_holds_names_and_types_only() -> None:
    """Other people's sentences don't belong in it."""
    for name, fields in json.loads((API / "schema.json").read_text())["types"].items():
        for field, spelled in fields.items():
            assert re.fullmatch(r"[A-Za-z0-9]+", name)
            assert re.fullmatch(r"[$A-Za-z0-9-]+!?|\+\d+", field)
            assert re.fullmatch(r"(\[\]|\{\})*[A-Za-z0-9]+( \d+( zero)?( by=\w+| set)?)?", spelled)


def test_every_kind_has_a_schema() -> None:
    for resource in RESOURCES.values():
        known = schema.root(resource).structure
        assert known and "metadata" in known.fields


def test_merge_keys_name_fields_that_exist() -> None:
    for owner in (name for name, _ in MODELS):
        for field, key in schema.structure(owner).merge_keys.items():
            type = schema.structure(owner).fields[field]
            assert type.shape == "list" and type.item
            assert key in type.item.structure.fields if type.item.structure else not key
    assert schema.structure("ObjectMeta").merge_keys == {"finalizers": "", "ownerReferences": "uid"}
    assert schema.structure("PodSpec").merge_keys["containers"] == "name"


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
