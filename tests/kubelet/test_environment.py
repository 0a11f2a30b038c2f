"""A container's environment: values, references, Services, and what happens when something is missing."""

import base64
from pathlib import Path
from typing import Any

import pytest
from support.pods import Bench, until, with_bench

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.kubelet import environment
from helpers.localcluster.kubelet.environment import ConfigError

Object = dict[str, Any]


def _build(container: Object, *, store: Store | None = None, network: dict[str, str] | None = None) -> dict[str, str]:
    labels, annotations = {"app": "web"}, {"note": "n"}
    metadata = {"name": "web-1", "namespace": "default", "uid": "u", "labels": labels, "annotations": annotations}
    pod = {"metadata": metadata, "spec": {"containers": [container], "serviceAccountName": "sa"}}
    return environment.build(
        container, pod, store or _store(), address="10.244.0.9", network=network or {}, home=Path("/work")
    )


def _store() -> Store:
    store = Store()
    for name, ports in {
        "kubernetes": [("https", 443)], "redis-cart": [("tcp-redis", 6379)], "none": [("x", 1)],
    }.items():  # fmt: skip
        address = "None" if name == "none" else f"10.96.0.{len(name)}"
        spec = {"clusterIP": address, "ports": [{"name": n, "port": p, "protocol": "TCP"} for n, p in ports]}
        store.create("services", _object("Service", name, spec=spec))
    store.create("configmaps", _object("ConfigMap", "conf", data={"A": "1", "B": "2", "not a name": "3"}))
    store.create("secrets", _object("Secret", "key", data={"TOKEN": base64.b64encode(b"s3").decode()}))
    return store


def _object(kind: str, name: str, **fields: Any) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, **fields}


def test_values_and_references() -> None:
    variables = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)2 $(C) $$(A) $(HOSTNAME)"},
        {"name": "EMPTY"},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "ACCOUNT", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "A"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "key", "key": "TOKEN"}}},
        {"name": "MAYBE", "valueFrom": {"secretKeyRef": {"name": "none", "key": "x", "optional": True}}},
    ]
    env = _build({"name": "c", "env": variables})
    assert env["B"] == "12 $(C) $(A) web-1"
    assert (env["EMPTY"], env["NAME"], env["IP"], env["APP"]) == ("", "web-1", "10.244.0.9", "web")
    assert (env["ACCOUNT"], env["KEY"], env["TOKEN"]) == ("sa", "1", "s3")
    assert "MAYBE" not in env
    assert env["POD_NAME"] == env["HOSTNAME"] == "web-1"


def test_whole_maps() -> None:
    sources = [{"prefix": "P_", "configMapRef": {"name": "conf"}}, {"secretRef": {"name": "key"}}]
    env = _build({"name": "c", "envFrom": [*sources, {"configMapRef": {"name": "no", "optional": True}}]})
    assert (env["P_A"], env["P_B"], env["TOKEN"]) == ("1", "2", "s3")
    assert not [name for name in env if " " in name]


@pytest.mark.parametrize(
    ("container", "sentence"),
    [
        ({"envFrom": [{"configMapRef": {"name": "no"}}]}, 'configmap "no" not found'),
        ({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "no", "key": "k"}}}]}, 'secret "no" not found'),
        ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "Z"}}}]}, "find key Z"),
        ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}]}, "fieldPath spec.x"),
        ({"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}, "resourceFieldRef"),
    ],
)
def test_what_is_missing_is_named(container: Object, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        _build({"name": "c", **container})


def test_services_are_linked() -> None:
    env = _build({"name": "c"})
    assert env["KUBERNETES_SERVICE_HOST"] == "10.96.0.10" and env["KUBERNETES_SERVICE_PORT"] == "443"
    assert env["REDIS_CART_SERVICE_PORT_TCP_REDIS"] == "6379"
    assert env["REDIS_CART_PORT"] == env["REDIS_CART_PORT_6379_TCP"] == "tcp://10.96.0.10:6379"
    assert not [name for name in env if name.startswith("NONE_")]


def test_the_network_s_variables_are_not_the_container_s_to_change() -> None:
    own = [{"name": "http_proxy", "value": "http://elsewhere"}]
    env = _build({"name": "c", "env": own}, network={"http_proxy": "p"})
    assert env["http_proxy"] == "p"


@with_bench
async def test_a_missing_config_map_holds_the_container_until_it_is_there(b: Bench) -> None:
    b.create("web", envFrom=[{"configMapRef": {"name": "conf"}}])
    await until(lambda: b.state("web") == "CreateContainerConfigError")
    assert b.container("web")["state"]["waiting"]["message"] == 'configmap "conf" not found'
    assert ("Failed", 'Error: configmap "conf" not found') in b.events("web")
    b.store.create("configmaps", _object("ConfigMap", "conf", data={"COLOUR": "red"}))
    await until(lambda: b.ready("web"))
    assert "COLOUR=red\n" in (await b.exec("web", "env"))[1]
