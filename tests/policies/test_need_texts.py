"""Needs in ConfigMaps and Secrets; comments and prose are none; no text and no object breaks the reader."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.policies.application.references import in_file, in_text
from helpers.policies.application.settings import settings as lines_of

from .build import deployment
from .needing import REDIS, config, of, told, using


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
@pytest.mark.parametrize("way", ["envFrom", "key", "volume", "projected", "items"])
def test_config_maps_and_secrets_in_every_way_to_use_them(kind: str, way: str) -> None:
    field, named = ("configMap", "name") if kind == "ConfigMap" else ("secret", "secretName")
    item = {
        "envFrom": using("web", {"envFrom": [{f"{field}Ref": {"name": "c"}}]}),
        "key": using("web", {"env": [{"name": "X", "valueFrom": {f"{field}KeyRef": {"name": "c", "key": "at"}}}]}),
        "volume": using("web", volumes=[{"name": "v", field: {named: "c"}}]),
        "projected": using("web", volumes=[{"name": "v", "projected": {"sources": [{field: {"name": "c"}}]}}]),
        "items": using("web", volumes=[{"name": "v", field: {named: "c", "items": [{"key": "at", "path": "x"}]}}]),
    }[way]
    assert told(of(*REDIS, item, config("c", kind, at="redis:6379", other="redis:1"))) == ["web redis TCP 6379"]
    assert told(of(*REDIS, item, config("d", kind, at="redis:6379"))) == []
    assert any("not in the input" in note and "default/c" in note for note in of(*REDIS, item).notes)
    assert told(of(*REDIS, deployment("web"), config("c", kind, at="redis:6379"))) == [], "nobody uses it"


def test_only_the_chosen_keys_of_a_config_map_are_mounted() -> None:
    item = using("web", volumes=[{"name": "v", "configMap": {"name": "c", "items": [{"key": "other", "path": "x"}]}}])
    assert told(of(*REDIS, item, config("c", at="redis:6379"))) == []


def test_a_secret_as_the_cluster_keeps_it() -> None:
    kept = {
        "kind": "Secret",
        "metadata": {"name": "c"},
        "data": {
            "at": base64.b64encode(b"redis:6379").decode(),
            "key": base64.b64encode(b"\xff\xfe").decode(),
            "bad": "%",
        },
    }
    assert told(of(*REDIS, using("web", {"envFrom": [{"secretRef": {"name": "c"}}]}), kept)) == ["web redis TCP 6379"]


@pytest.mark.parametrize(
    ("key", "text", "counts"),
    [
        ("app.conf", "# see https://stackoverflow.com/q/1 and redis:6379\ntimeout = 3", False),
        ("app.conf", "cache = redis:6379", True),
        ("app.conf", "cache redis:6379;", True),
        ("app.conf", "  // redis:6379", False),
        ("app.ini", "; cache=redis:6379", False),
        ("x.sql", "-- redis:6379", False),
        ("app.xml", "<!-- <cache>redis:6379</cache>\n -->", False),
        ("app.xml", "<cache>redis:6379</cache>", True),
        ("app.c", "/* redis:6379\n redis:6379 */ x = 1", False),
        ("app.c", "/* why */ x = redis:6379", True),
        ("app.yaml", "cache: redis:6379  # why", True),
        ("app.yaml", "timeout: 3 # of redis:6379", False),
        ("app.yaml", 'cache: "redis://redis/#0"', True),
        ("app.yaml", 'text: "# x" # redis:6379', False),
        ("app.yaml", "description: redis:6379", False),
        ("app.yaml", "description: |\n  redis:6379\ncache: x", False),
        ("app.yaml", "description: |\n  x\ncache: redis:6379", True),
        ("rules.yaml", "runbook_url: http://redis:6379", False),
        ("app.json", '{"cache":{"at":"redis:6379"}}', True),
        ("app.json", '{"description":"redis:6379"}', False),
        ("app.json", '{"description": "x", "at": "redis:6379"}', True),
        ("README.md", "redis:6379", False),
        ("index.html", '<a href="http://redis:6379/">', False),
        ("notes", "redis:6379", False),
        ("app.conf", "The web pages are kept in redis:6379 for an hour", False),
        ("app.conf", "Die Seiten liegen eine Stunde lang in redis:6379 herum", False),
        ("app.properties", "cache.host=redis\ncache.port=6379", True),
        ("app.properties", "cache.host=redis", True),
        ("app.yaml", "cache:\n  host: redis\n  port: 6379", True),
        ("app.yaml", "cache:\n  host: redis\n  port: 6380", False),
        ("redis.conf", "replicaof redis 6379", True),
        ("run.sh", "exec curl http://redis:6379/ || exit 1", True),
        ("haproxy.cfg", "  server one redis:6379 check", True),
        ("nginx.conf", "  proxy_pass http://redis:6379;", True),
    ],
)
def test_comments_and_prose_are_no_evidence(key: str, text: str, counts: bool) -> None:
    web = using("web", volumes=[{"name": "v", "configMap": {"name": "c"}}])
    found = of(*REDIS, web, config("c", **{key: text}))
    assert told(found) == (["web redis TCP 6379"] if counts else [])
    assert not any("stackoverflow" in note for note in found.notes)


def test_annotations_and_labels_are_no_evidence() -> None:
    item = deployment("web")
    item["metadata"]["annotations"] = item["spec"]["template"]["metadata"]["annotations"] = {
        "docs": "http://redis:6379"
    }
    assert told(of(*REDIS, item)) == []


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="ab:./-#;=, \n\"'{}[]()$<>!*|\\0169@", max_size=200), st.sampled_from(["X", "app.yaml", "x.md"])
)
def test_no_text_breaks_the_reader(text: str, name: str) -> None:
    for found in (*in_text(text, "x", name), *in_file(text, "x", name)):
        assert found.host and (found.port is None or 1 <= found.port <= 65535)
    assert all(line.text.strip() for line in lines_of(text, name))


@pytest.mark.parametrize(
    "part",
    [
        "#",
        "a",
        "a.",
        "a:",
        "a://",
        "<!--",
        "/*",
        "a@",
        "[",
        "{",
        " ",
        "-",
        "a:1,",
        "a b ",
        "$(",
        "a=",
        "http://a:80 ",
        "\n",
        "'",
        "desc: ",
        "1.",
        "a/",
        "--a ",
        "a 1",
        "a-",
        "://",
    ],
)
def test_long_runs_cost_little(part: str) -> None:
    begin = time.process_time()
    list(in_file(part * (200_000 // len(part)), "x", "app.conf"))
    assert time.process_time() - begin < 3


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from(["a", "redis:6379", "80"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "spec",
                    "containers",
                    "env",
                    "value",
                    "ports",
                    "port",
                    "service",
                    "rules",
                    "metadata",
                    "configMap",
                    "volumes",
                    "envFrom",
                    "backendRefs",
                    "selector",
                    "endpoints",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [
            "Ingress",
            "HTTPRoute",
            "Route",
            "ServiceMonitor",
            "PodMonitor",
            "RoleBinding",
            "APIService",
            "MutatingWebhookConfiguration",
            "ConfigMap",
            "Secret",
            "EndpointSlice",
            "Node",
            "Deployment",
            "CustomResourceDefinition",
            "Service",
            "Pod",
        ]
    ),
    JUNK,
    JUNK,
    JUNK,
)
def test_no_object_breaks_the_reader(kind: str, spec: Any, data: Any, others: Any) -> None:
    item = {"kind": kind, "metadata": {"name": "x"}, "spec": spec, "data": data, "subjects": others, "webhooks": others}
    of(item, *REDIS, deployment("web", env={"A": "x:80"}))
