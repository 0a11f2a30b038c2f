"""What learners type: every verb and flag that the cluster answers or refuses, in the order of one walk."""

from __future__ import annotations

from dataclasses import dataclass

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  labels: {course: basics}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: client}}}]
    ports: [{port: 80, protocol: TCP}]
"""
CHANGED = POLICY.replace("port: 80", "port: 8080")
INVALID = POLICY.replace("port: 80", "port: 70000")
MISSPELT = POLICY.replace("podSelector: {matchLabels: {app: web}}", "podSelektor: {}")
UNKNOWN = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: job}\n"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: lone, labels: {app: lone}}
spec: {containers: [{name: main, image: agnhost}]}
"""
SCALED_PATCH = '{"spec": {"replicas": 2}}'


@dataclass(frozen=True)
class Habit:
    """One command line. `how` says what plays the terminal: run, pty, watch or forward.

    `says` must all be in the output; a refused one exits with 1 and its first
    text is the sentence that the table shows.
    """

    line: str
    says: tuple[str, ...] = ()
    stdin: str = ""
    code: int = 0
    how: str = "run"
    refused: bool = False
    shown: str = ""

    @property
    def title(self) -> str:
        return self.shown or self.line


def works(line: str, *says: str, stdin: str = "", how: str = "run", code: int = 0, shown: str = "") -> Habit:
    return Habit(line, says, stdin, code, how, shown=shown)


def refused(line: str, *says: str, stdin: str = "", shown: str = "") -> Habit:
    return Habit(line, says, stdin, 1, refused=True, shown=shown)


HABITS = (
    # create by verbs
    works("create namespace team", "namespace/team created"),
    works("create deployment web --image=nginx:1 --port=80 --replicas=2", "deployment.apps/web created"),
    works("create configmap settings --from-literal=color=blue", "configmap/settings created"),
    works("create secret generic password --from-literal=key=value", "secret/password created"),
    works("create service clusterip plain --tcp=80:8080", "service/plain created"),
    works("create service nodeport outside --tcp=80:8080", "service/outside created"),
    works("create serviceaccount robot", "serviceaccount/robot created"),
    works("create deployment web --image=x --dry-run=client -o yaml", "kind: Deployment"),
    works("create deployment dry --image=x --dry-run=server", "deployment.apps/dry created (server dry run)"),
    works("create -f -", "pod/lone created", stdin=POD),
    works("rollout status deployment/web --timeout=10s", "successfully rolled out"),
    works("wait --for=condition=Ready pod -l app=web --timeout=10s", "condition met"),
    works("wait --for=jsonpath={.status.phase}=Running pod/lone --timeout=10s", "pod/lone condition met"),
    works("run client --image=agnhost --labels=app=client", "pod/client created"),
    works("wait --for=condition=Ready pod/client --timeout=10s", "condition met"),
    works("expose deployment web --port=80 --target-port=8080", "service/web exposed"),
    # get
    works("get pods", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "1/1", "Running"),
    works("get pods -o wide", "NOMINATED NODE", "READINESS GATES", "lab-node", "10.244."),
    works("get pods -o yaml", "kind: List", "kind: Pod"),
    works("get pod/client -o json", '"kind": "Pod"'),
    works("get pod client -o jsonpath={.status.phase}", "Running"),
    works("get pods -o custom-columns=POD:.metadata.name,IP:.status.podIP", "POD", "10.244."),
    works("get pods -o name", "pod/client"),
    works("get pods --show-labels", "LABELS", "app=client"),
    works("get pods -l app=client", "client"),
    works("get pods -l 'app in (client, lone),!tier'", "client", "lone"),
    works("get pods --field-selector=status.phase=Running", "client"),
    works("get pods --field-selector=metadata.name!=client -o name", "pod/lone"),
    works("get pods -A", "NAMESPACE", "default"),
    works("get pods --sort-by=.metadata.name", "client"),
    works("get pods -w", "client", how="watch"),
    works("get pods -L app", "APP"),
    works("get pods --chunk-size=1", "client", "lone"),
    works("get all", "pod/client", "service/web", "deployment.apps/web", "replicaset.apps/web-"),
    works("get deployments,rs,svc,endpointslices,cm,secrets,sa,ns,nodes", "deployment.apps/web", "node/lab-node"),
    works("get events", "LAST SEEN", "ScalingReplicaSet"),
    works("get flows", "TIME", "SOURCE", "TARGET", "PORT", "VERDICT", "POLICIES", "default/deny"),
    works("get pod nosuch", 'pods "nosuch" not found', code=1),
    works("get --raw /readyz", "ok"),
    # apply and its friends
    works("apply -f -", "networkpolicy.networking.k8s.io/web created", stdin=POLICY),
    works("apply -f -", "networkpolicy.networking.k8s.io/web unchanged", stdin=POLICY, shown="apply, unchanged"),
    works("diff -f -", "-    - port: 80", "+    - port: 8080", stdin=CHANGED, code=1),
    works("apply -f - --dry-run=server", "configured (server dry run)", stdin=CHANGED),
    works("apply -f -", "networkpolicy.networking.k8s.io/web configured", stdin=CHANGED, shown="apply, changed"),
    works(
        "apply -f -",
        'The NetworkPolicy "web" is invalid: spec.ingress[0].ports[0].port: Invalid value: 70000: '
        "must be between 1 and 65535, inclusive",
        stdin=INVALID,
        code=1,
        shown="apply, invalid policy",
    ),
    works(
        "apply -f -",
        'strict decoding error: unknown field "spec.podSelektor"',
        stdin=MISSPELT,
        code=1,
        shown="apply, misspelt field",
    ),
    works("apply --validate=warn -f -", 'Warning: unknown field "spec.podSelektor"', stdin=MISSPELT),
    works("replace -f -", "networkpolicy.networking.k8s.io/web replaced", stdin=POLICY),
    works("replace --force -f -", "networkpolicy.networking.k8s.io/web replaced", stdin=POLICY),
    works("edit networkpolicy web", "networkpolicy.networking.k8s.io/web edited"),
    works("patch deployment web -p '" + SCALED_PATCH + "'", "deployment.apps/web patched", shown="patch (strategic)"),
    works(
        """patch netpol web --type=merge -p '{"metadata": {"labels": {"a": "b"}}}'""",
        "networkpolicy.networking.k8s.io/web patched",
        shown="patch --type=merge",
    ),
    works(
        """patch netpol web --type=json -p '[{"op": "remove", "path": "/spec/ingress/0/ports"}]'""",
        "networkpolicy.networking.k8s.io/web patched",
        shown="patch --type=json",
    ),
    works("label pod client tier=front", "pod/client labeled"),
    works("label pod client tier-", "pod/client unlabeled"),
    works("label pods --all --overwrite seen=yes", "pod/client labeled"),
    works("annotate pod client note=hello", "pod/client annotated"),
    # looking closer
    works("describe pod client", "Status:", "Running", "Service Account:  default"),
    works("describe deployment web", "RollingUpdateStrategy:", "ScalingReplicaSet"),
    works("describe service web", "Endpoints:", "10.244."),
    works("describe networkpolicy web", "PodSelector:     app=web"),
    works("describe namespace team", "Status:       Active"),
    works("describe node lab-node", "PodCIDR:"),
    works("explain networkpolicy.spec.ingress", "FIELD: ingress", "from"),
    works("explain pod --recursive", "containers"),
    works("events", "ScalingReplicaSet"),
    works("events --for pod/lone", "No events found"),
    works("api-resources", "networkpolicies", "flows"),
    works("api-versions", "networking.k8s.io/v1"),
    works("cluster-info", "Kubernetes control plane", "is running at"),
    works("version", "Server Version: v1.37.1+lab"),
    works("auth can-i create networkpolicies", "yes"),
    works("auth can-i --list", "*.*"),
    works("auth whoami", "hipster-lab-admin"),
    # rollouts
    works("scale deployment web --replicas=3", "deployment.apps/web scaled"),
    works("set image deployment/web nginx=nginx:2", "deployment.apps/web image updated"),
    works("set env deployment/web LEVEL=1", "deployment.apps/web env updated"),
    works("rollout restart deployment/web", "deployment.apps/web restarted"),
    works("rollout status deployment/web", "successfully rolled out"),
    works("rollout history deployment/web", "REVISION"),
    works("rollout history deployment/web --revision=2", "Image:", "nginx:2"),
    works("rollout undo deployment/web", "deployment.apps/web rolled back"),
    works("rollout pause deployment/web", "deployment.apps/web paused"),
    works("rollout resume deployment/web", "deployment.apps/web resumed"),
    works("wait --for=condition=Available deployment/web --timeout=10s", "condition met"),
    # streams
    works("logs lone", "line 0", "line 9"),
    works("logs lone --tail=1", "line 9"),
    works("logs lone --since=1h", ""),
    works("logs lone --timestamps --tail=1", "2026-01-31T08:00:00Z line 9"),
    works("logs -l app=client --prefix", "[pod/client/client] line 0"),
    works("logs deployment/web", "line 0"),
    works("logs lone -f", "line 9", how="watch"),
    works("logs lone --previous", "previous terminated container", code=1),
    works("exec lone -- echo hello", "hello"),
    works("exec -i lone -- cat", "from standard input", stdin="from standard input"),
    works("exec lone -- warn", "careful"),
    works("exec lone -- exit 7", "command terminated with exit code 7", code=7),
    works("exec -it lone -- size", "72x21", how="pty"),
    works("exec deploy/web -- echo hello", "hello"),
    works("attach lone", "attached"),
    works("run once --image=agnhost --restart=Never --rm --attach -- anything", 'pod "once" deleted', how="pty"),
    works("port-forward pod/lone :80", "Forwarding from 127.0.0.1", how="forward"),
    works("port-forward service/web :80", "Forwarding from 127.0.0.1", how="forward"),
    works("port-forward deployment/web :8080", "Forwarding from 127.0.0.1", how="forward"),
    works("debug lone --image=agnhost --container=probe -- connect web:80", "", shown="debug (ephemeral container)"),
    # deleting
    works("delete service plain", 'service "plain" deleted'),
    works("delete -f -", 'networkpolicy.networking.k8s.io "web" deleted', stdin=POLICY),
    works("delete pods -l app=client", 'pod "client" deleted'),
    works("delete pod lone --grace-period=0 --force", 'pod "lone" force deleted'),
    works("delete deployment web --cascade=orphan", 'deployment.apps "web" deleted'),
    works("delete rs --all", "deleted"),
    works("wait --for=delete pod -l app=web --timeout=10s", ""),
    works("delete pods --all --now", ""),
    works("delete namespace team", 'namespace "team" deleted'),
    works("delete namespace default", "this namespace may not be deleted", code=1),
    works("delete pod nosuch --ignore-not-found", ""),
    # refused
    refused(
        "apply --server-side -f -",
        "server-side apply is not part of this lab's cluster; use `kubectl apply` without --server-side",
        stdin=POLICY,
    ),
    refused("apply --prune --all -f -", "error retrieving RESTMappings to prune", stdin=POLICY),
    refused("top pods", "Metrics API not available"),
    refused("certificate approve request", "certificatesigningrequests.certificates.k8s.io is not part of this lab"),
    refused("get ingresses", "the server doesn't have a resource type"),
    refused("get crds", "the server doesn't have a resource type"),
    refused("create -f -", 'no matches for kind "Job" in version "batch/v1"', stdin=UNKNOWN, shown="create a Job"),
    refused("create token default", "serviceaccounts/token is not part of this lab's cluster"),
    refused(
        "create role reader --verb=get --resource=pods",
        "roles.rbac.authorization.k8s.io is not part of this lab's cluster",
    ),
    refused("delete flows --all", "they can only be read", shown="delete flows"),
)
