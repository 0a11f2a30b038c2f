"""Kubernetes' own page "Declare Network Policy": a web server, and a policy that wants a label of its callers."""

from tutorials.reader import TIMED_OUT, Reader

LOOK = "wget --spider --timeout=1 nginx"


def test_declare_network_policy(reader: Reader) -> None:
    reader.do("kubectl create deployment nginx --image=nginx", "kubectl expose deployment nginx --port=80")
    listed = reader.type("kubectl get svc,pod")
    assert "service/nginx" in listed and "pod/nginx-" in listed
    reader.rolled_out("nginx")

    before = reader.once(LOOK, image="busybox:1.28")
    assert "Connecting to nginx (10.96." in before and "remote file exists" in before and before.status == 0

    reader.policy(
        "access-nginx",
        "{podSelector: {matchLabels: {app: nginx}}, "
        "ingress: [{from: [{podSelector: {matchLabels: {access: 'true'}}}]}]}",
    )
    without = reader.once(LOOK, image="busybox:1.28")
    assert "Connecting to nginx" in without and TIMED_OUT in without and "remote file exists" not in without
    assert "remote file exists" in reader.once(LOOK, labels="access=true", image="busybox:1.28")


def test_the_same_with_agnhost_in_both_places(reader: Reader) -> None:
    reader.do(
        "kubectl create deployment nginx --image=registry.k8s.io/e2e-test-images/agnhost:2.53 "
        "-- /agnhost netexec --http-port=80",
        "kubectl expose deployment nginx --port=80",
    )
    reader.rolled_out("nginx")
    reader.policy(
        "only-with-access",
        "{podSelector: {matchLabels: {app: nginx}}, "
        "ingress: [{from: [{podSelector: {matchLabels: {access: 'true'}}}]}]}",
    )
    said = reader.type("kubectl run t --rm -i --image=agnhost --restart=Never --command -- " + LOOK)
    assert TIMED_OUT in said
