"""The manifest: upstream's names, labels, ports and environment, and images that exist here."""

from pathlib import Path
from typing import Any

import yaml

from helpers.boutique import images

MANIFEST = Path(__file__).parents[2] / "helpers/boutique/manifests/hipster-shop.yaml"
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text()))


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == kind}


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(only)


def environment(name: str) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container(of("Deployment")[name]).get("env", [])}


def test_twelve_deployments_with_their_service_accounts() -> None:
    assert set(of("Deployment")) == set(images.SERVICES) == set(of("ServiceAccount"))
    assert len(OBJECTS) == 12 + 12 + 12
    for name, deployment in of("Deployment").items():
        pod = deployment["spec"]["template"]
        assert deployment["spec"]["selector"]["matchLabels"] == {"app": name} == pod["metadata"]["labels"]
        assert pod["spec"]["serviceAccountName"] == name


def test_images_are_pinned_and_known_here() -> None:
    for name, deployment in of("Deployment").items():
        repository, _, tag = container(deployment)["image"].rpartition(":")
        assert images.IMAGES[repository] == name
        assert tag == ("alpine" if name == "redis-cart" else "v0.10.6")


def test_services_and_ports() -> None:
    ports = {
        name: (item["spec"]["ports"][0]["port"], item["spec"]["ports"][0]["targetPort"])
        for name, item in of("Service").items()
    }
    assert ports == {
        "frontend": (80, 8080), "frontend-external": (80, 8080), "adservice": (9555, 9555), "cartservice": (7070, 7070),
        "checkoutservice": (5050, 5050), "currencyservice": (7000, 7000), "emailservice": (5000, 8080),
        "paymentservice": (50051, 50051), "productcatalogservice": (3550, 3550), "recommendationservice": (8080, 8080),
        "redis-cart": (6379, 6379), "shippingservice": (50051, 50051),
    }  # fmt: skip
    assert of("Service")["frontend-external"]["spec"]["type"] == "LoadBalancer"
    for name, (_, target) in ports.items():
        app = of("Service")[name]["spec"]["selector"]["app"]
        assert container(of("Deployment")[app])["ports"] == [{"containerPort": target}]
        assert target == images.PORTS[app]


def test_the_environment_tells_the_sixteen_arrows_inside_the_shop() -> None:
    services = of("Service")
    arrows = set()
    for name in of("Deployment"):
        for variable, value in environment(name).items():
            host, _, port = value.partition(":")
            if variable.endswith("_ADDR") and host in services:
                assert services[host]["spec"]["ports"][0]["port"] == int(port)
                arrows.add((name, host))
    sources = [source for source, _ in arrows]
    counts = {source: sources.count(source) for source in set(sources)}
    assert counts == {
        "frontend": 7, "checkoutservice": 6, "recommendationservice": 1, "cartservice": 1, "loadgenerator": 1,
    }  # fmt: skip


def test_probes_ask_on_the_pods_port() -> None:
    for name, deployment in of("Deployment").items():
        if name == "loadgenerator":
            continue
        for kind in ("readinessProbe", "livenessProbe"):
            probe = container(deployment)[kind]
            action = {"frontend": "httpGet", "redis-cart": "tcpSocket"}.get(name, "grpc")
            assert probe[action]["port"] == images.PORTS[name]
