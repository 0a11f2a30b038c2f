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
AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
    "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n"
)
VOLUME = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: disk}\nspec: {}\n"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: lone, labels: {app: lone}}
spec: {containers: [{name: main, image: agnhost, args: [netexec, --http-port=80]}]}
"""
TICKER = """
apiVersion: v1
kind: Pod
metadata: {name: ticker}
spec: {containers: [{name: main, image: busybox, command: [sh, -c, "while sleep 0.2; do echo tick; done"]}]}
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: agnhost, args: [netexec, --http-port=80]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80}]}
"""
DAEMON = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: main, image: agnhost}]}
"""
TIGERS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tigers.zoo.example}
spec:
  group: zoo.example
  scope: Namespaced
  names: {plural: tigers, kind: Tiger}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, properties: {stripes: {type: integer}}}}
"""
TIGER = "apiVersion: zoo.example/v1\nkind: Tiger\nmetadata: {name: tom}\nspec: {stripes: %s}\n"
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
    works("create token robot", "eyJ", "not enforced"),
    works("create deployment web --image=x --dry-run=client -o yaml", "kind: Deployment"),
    works("create deployment dry --image=x --dry-run=server", "deployment.apps/dry created (server dry run)"),
    works("create -f -", "pod/lone created", "pod/ticker created", stdin=f"{POD}---{TICKER}"),
    works("rollout status deployment/web --timeout=10s", "successfully rolled out"),
    works("wait --for=condition=Ready pod -l app=web --timeout=10s", "condition met"),
    works("wait --for=jsonpath={.status.phase}=Running pod/lone --timeout=10s", "pod/lone condition met"),
    works("run client --image=agnhost --labels=app=client -- netexec", "pod/client created"),
    works("wait --for=condition=Ready pod/client --timeout=10s", "condition met"),
    works("expose deployment web --port=80 --target-port=80", "service/web exposed"),
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
    works("events --for pod/lone", "Started container main"),
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
    works("logs lone", "Started HTTP server on port 80"),
    works("logs lone --tail=1", "server on port"),
    works("logs lone --since=1h", ""),
    works("logs lone --timestamps --tail=1", "Z Started UDP server on port"),
    works("logs -l app=client --prefix", "[pod/client/client] Started HTTP server on port 8080"),
    works("logs deployment/web", ""),
    works("logs ticker -f", "tick", how="watch"),
    works("logs lone --previous", "previous terminated container", code=1),
    works("exec lone -- echo hello", "hello"),
    works("exec -i lone -- cat", "from standard input", stdin="from standard input"),
    works("exec lone -- sh -c 'echo careful >&2'", "careful"),
    works("exec lone -- sh -c 'exit 7'", "command terminated with exit code 7", code=7),
    works("exec -it lone -- stty size", "21 72", how="pty"),
    works("exec deploy/web -- echo hello", "hello"),
    works("attach ticker", "tick", how="watch"),
    works("run once --image=busybox --restart=Never --rm --attach -- echo hi", 'pod "once" deleted', how="pty"),
    works("port-forward pod/lone :80", "Forwarding from 127.0.0.1", how="forward"),
    works("port-forward service/web :80", "Forwarding from 127.0.0.1", how="forward"),
    works("port-forward deployment/web :80", "Forwarding from 127.0.0.1", how="forward"),
    works("debug lone --image=agnhost --container=probe -- connect web:80", "", shown="debug (ephemeral container)"),
    works("exec client -- wget -qO- --timeout=3 lone", "bad address 'lone'", code=1),
    works("exec client -- nc -zv -w 3 web 80", ""),
    works("get flows", "TIME", "SOURCE", "TARGET", "PORT", "VERDICT", "POLICIES", "default/client"),
    # other workloads
    works("apply -f -", "statefulset.apps/db created", stdin=STATEFUL, shown="apply, a StatefulSet"),
    works("rollout status statefulset/db --timeout=20s", "2 new pods have been updated"),
    works("get pods -l app=db -o name", "pod/db-0", "pod/db-1"),
    works("exec client -- nc -zv -w 3 db-1.db 80", ""),
    works("rollout restart statefulset/db", "restarted"),
    works("rollout history statefulset/db", "REVISION", "2"),
    works("scale statefulset db --replicas=1", "scaled"),
    works("apply -f -", "daemonset.apps/agent created", stdin=DAEMON, shown="apply, a DaemonSet"),
    works("rollout status daemonset/agent --timeout=20s", "successfully rolled out"),
    works("create job tidy --image=busybox -- echo tidied", "job.batch/tidy created"),
    works("wait --for=condition=Complete job/tidy --timeout=20s", "condition met"),
    works("logs job/tidy", "tidied"),
    works("describe job tidy", "Completions:", "1 Succeeded"),
    works("create cronjob tick --image=busybox --schedule='*/5 * * * *' -- echo tick", "cronjob.batch/tick created"),
    works("create job now --from=cronjob/tick", "job.batch/now created"),
    works("get jobs,cronjobs,statefulsets,daemonsets", "job.batch/tidy", "Complete", "*/5 * * * *", "db"),
    works("get endpoints", "web", "10.244."),
    works("create ingress web --rule=web.example/*=web:80", "ingress.networking.k8s.io/web created", "front door"),
    works("get ingresses", "web.example", "127.0.0.1"),
    works("describe ingress web", "web:80"),
    works("create role reader --verb=get --resource=pods", "reader created", "not enforced"),
    works("create rolebinding read --role=reader --serviceaccount=default:robot", "read created", "not enforced"),
    works("get roles,rolebindings", "role.rbac.authorization.k8s.io/reader", "Role/reader"),
    works("apply -f -", "tigers.zoo.example created", stdin=TIGERS, shown="apply, a CustomResourceDefinition"),
    works("wait --for=condition=Established crd/tigers.zoo.example", "condition met"),
    works("apply -f -", "tiger.zoo.example/tom created", stdin=TIGER % 7, shown="apply, a tiger"),
    works("apply -f -", "must be of type integer", stdin=TIGER % "many", code=1, shown="apply, an invalid tiger"),
    works("explain tiger.spec", "stripes"),
    works("get tigers", "tom"),
    works("delete crd tigers.zoo.example", "deleted"),
    refused(
        "apply -f -",
        "horizontalpodautoscalers.autoscaling is not part of this lab's cluster; nothing here measures load",
        stdin=AUTOSCALER,
        shown="apply, a HorizontalPodAutoscaler",
    ),
    refused("autoscale deployment web --max=3", "failed to create autoscaling/v2 HPA"),
    works("get persistentvolumeclaims", "there is no storage to ask for", "No resources found"),
    # deleting
    works("apply --prune --all -f -", "networkpolicy.networking.k8s.io/web", stdin=POLICY),
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
    refused("top pods", "Metrics API not available"),
    refused("certificate approve request", "certificatesigningrequests.certificates.k8s.io is not part of this lab"),
    refused("apply -f -", "persistentvolumeclaims is not part of this lab", stdin=VOLUME, shown="apply, a claim"),
    refused("delete flows --all", "they can only be read", shown="delete flows"),
)
