"""What a page says besides its figures, for readers who don't know Kubernetes well."""

from __future__ import annotations

from helpers.display.report.tables import listing

LEAD = (
    "This page says who may call whom in an application, read from its manifests: what it needs, what its network "
    "policies make of that, and what to mend. Terms are explained at its end."
)
NO_NEED = (
    "The manifests declare no call: no workload is given the address of another one. So it isn't known what the "
    "application needs, only what is allowed."
)
NO_WORKLOAD = "The input has no workload, so nothing calls and nothing is called."
CUT = (
    "The application declares these calls, and a policy stops them. Who makes one gets no answer, and waits until it "
    "gives up. Mend these first."
)
NEEDS = (
    "A call is needed where a workload is given the address of another one, or where something is shown to the "
    "outside. The port is the one on which the pod listens, which is what policies count by."
)
OPEN = (
    "Counted in calls: one workload to one port of another. A call that nothing needs and that is allowed is a way for "
    "whoever takes over a workload. The matrix: ● needed and allowed, ✗ needed but cut, ○ open though nothing needs it."
)
STANDING = (
    "A workload that no policy selects is open: everything may call it. One that is isolated accepts, or makes, only "
    "the calls that a policy allows."
)
FINDINGS = "Mistakes and weak places that Kubernetes accepts without a word. Errors first."
SUGGESTED = (
    "Least privilege, written by machine: policies that allow what was found to be needed and nothing else. Read them "
    "before you apply them; what the manifests don't declare, they don't know."
)
UNREAD = "These could make an answer on this page incomplete:"
LIMITS = (
    "What a program calls without its manifests saying so is not known here.",
    "Policies limit new connections between pods by address and port; not by what is said.",
    "Whether the cluster's network plug-in enforces policies at all is for a test on the cluster itself.",
)
FOOT = '<p class="quiet">Made by <code>python -m helpers report</code>. The same manifests make the same page.</p>'

_TERMS = (
    ("pod", "one running copy of a program, with an address of its own."),
    ("workload", "what pods are made from: a Deployment, a StatefulSet, a CronJob and their like; its pods are alike."),
    ("namespace", "a part of the cluster with a name, usually one for a team or an application."),
    ("Service", "a name under which pods are called; policies don't know it, they see the pods behind it."),
    ("label", "a word that pods carry, such as app=web; policies choose pods by it."),
    ("network policy", "a list of what may call the pods that it selects (ingress), or what they may call (egress)."),
    (
        "isolated",
        "selected by a policy: from then on only what some policy allows passes. Policies add up; none forbids.",
    ),
    ("cut", "needed by the application, and not allowed."),
    ("open", "allowed, though nothing in the manifests needs it."),
    ("outside", "everything that isn't in the cluster."),
)
GLOSSARY = listing(f"<strong>{term}</strong>: {text}" for term, text in _TERMS)
