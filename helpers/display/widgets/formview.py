"""The form as HTML. What it offers comes from the live cluster: workloads, namespaces, ports."""

from __future__ import annotations

from helpers.display.widgets.form import Form, Port, RuleForm, peer_of
from helpers.display.widgets.pane import button, does, esc, select
from helpers.display.widgets.surroundings import Surroundings, Workload, port_choices

Choices = list[tuple[str, str, str]]
_ASIDE = "That cannot be shown as a form: it is not one policy that can be read. Mend it in the YAML."
_WORDS = {
    "ingress": ("Who may call these pods", "Ingress: limit what comes in", "from"),
    "egress": ("Whom these pods may call", "Egress: limit what goes out", "to"),
}


def form_html(form: Form | None, around: Surroundings) -> str:
    """The form of one policy; a sentence when there is none to show."""
    if form is None:
        return f'<div class="lab-form"><p class="lab-hint">{_ASIDE}</p></div>'
    head = "".join(
        (
            _field("Name", f'<input type="text" value="{esc(form.name)}" {does("form", "name")} spellcheck="false">'),
            _field(
                "Namespace",
                select(
                    [(name, name, "") for name in _with(around.namespaces, form.namespace)],
                    form.namespace,
                    "namespace",
                    "form",
                    "namespace",
                ),
            ),
            _field(
                "Applies to",
                select(_targets(form, around), form.target, "pods that the policy selects", "form", "target"),
            ),
        )
    )
    sides = "".join(_side(form, direction, around) for direction in _WORDS)
    return f'<div class="lab-form" data-keep="form">{head}{sides}</div>'


def _field(label: str, control: str) -> str:
    return f'<label class="lab-field"><span>{label}</span>{control}</label>'


def _with(values: tuple[str, ...], own: str) -> list[str]:
    return list(dict.fromkeys((*values, own)))


def _labels(workload: Workload) -> str:
    return ",".join(f"{name}={value}" for name, value in workload.labels.items())


def _targets(form: Form, around: Surroundings) -> Choices:
    choices = [("all", f"all pods of {form.namespace}", "")]
    choices += [
        (_labels(one), f"{one.name} ({_labels(one)})", "workloads")
        for one in around.within(form.namespace)
        if one.labels
    ]
    return _keeping(choices, form.target)


def _keeping(choices: Choices, chosen: str) -> Choices:
    """With the chosen value among the choices, also when the cluster has no such thing."""
    if any(value == chosen for value, _, _ in choices):
        return choices
    said = "as written in the YAML" if chosen == "kept" else f"{chosen} (not in this cluster)"
    return [
        *choices,
        (
            chosen,
            said.replace("cidr:", "addresses ").replace(" (not in this cluster)", "")
            if chosen.startswith("cidr:")
            else said,
            "written by hand",
        ),
    ]


def _side(form: Form, direction: str, around: Surroundings) -> str:
    title, limit, _ = _WORDS[direction]
    rules = form.rules(direction)
    on = " checked" if rules is not None else ""
    alone = rules is not None and form.rules("egress" if direction == "ingress" else "ingress") is None
    box = (
        f'<label class="lab-switch"><input type="checkbox"{on}{" disabled" if alone else ""} '
        f"{does('form', 'direction', direction)}> {limit}</label>"
    )
    if rules is None:
        return f'<fieldset><legend>{title}</legend>{box}<p class="lab-hint">Not limited by this policy.</p></fieldset>'
    rows = "".join(_rule(form, direction, number, rule, around) for number, rule in enumerate(rules))
    nobody = "" if rules else '<p class="lab-hint">Nobody: there is no rule.</p>'
    return (
        f"<fieldset><legend>{title}</legend>{box}{nobody}{rows}"
        f"{button('+ rule', 'form', 'add-rule', direction)}</fieldset>"
    )


def _rule(form: Form, direction: str, number: int, rule: RuleForm, around: Surroundings) -> str:
    at = (direction, number)
    peers = "".join(_peer(form, at, place, peer, around) for place, peer in enumerate(rule.peers))
    ports = "".join(_port(form, at, place, port) for place, port in enumerate(rule.ports))
    word = _WORDS[direction][2]
    anyone = '<span class="lab-hint">anybody, anywhere</span>' if not rule.peers else ""
    any_port = '<span class="lab-hint">every port</span>' if not rule.ports else ""
    return (
        f'<div class="lab-rule" role="group" aria-label="Rule {number + 1}">'
        f'<div class="lab-cell"><span class="lab-label">{word}</span>{peers}{anyone}'
        f"{button('+ peer', 'form', 'add-peer', *at, title='or from another peer')}</div>"
        f'<div class="lab-cell"><span class="lab-label">on</span>{ports}{any_port}'
        f"{_port_adder(form, at, rule, around)}</div>"
        f"{_x(f'Remove rule {number + 1}', 'remove-rule', *at)}</div>"
    )


def _peer(form: Form, at: tuple[str, int], place: int, peer: str, around: Surroundings) -> str:
    choices: Choices = [("all", "every pod of this namespace", ""), ("all@*", "every pod of every namespace", "")]
    choices += [
        (_labels(one), one.name, f"workloads of {form.namespace}")
        for one in around.within(form.namespace)
        if one.labels
    ]
    choices += [(f"all@{name}", f"all of {name}", "namespaces") for name in around.namespaces]
    choices += [
        (f"{_labels(one)}@{one.namespace}", f"{one.name} of {one.namespace}", "workloads elsewhere")
        for one in around.workloads
        if one.namespace != form.namespace and one.labels
    ]
    choices += [("cidr:0.0.0.0/0", "any IPv4 address", "addresses")]
    block = ""
    if peer.startswith("cidr:"):
        block = (
            f'<input type="text" class="lab-cidr" aria-label="block of addresses" '
            f'value="{esc(peer.removeprefix("cidr:"))}" {does("form", "cidr", *at, place)}>'
        )
    chosen = select(_keeping(choices, peer), peer, f"peer {place + 1}", "form", "peer", *at, place)
    return f'<span class="lab-part">{chosen}{block}{_x(f"Remove peer {place + 1}", "remove-peer", *at, place)}</span>'


def _port(form: Form, at: tuple[str, int], place: int, port: Port) -> str:
    remove = _x(f"Remove port {place + 1}", "remove-port", *at, place)
    if port.kept:
        return f'<span class="lab-part">{esc(port.protocol)} {esc(port.kept)} (as written){remove}</span>'
    protocols = select(
        [(name, name, "") for name in ("TCP", "UDP", "SCTP")],
        port.protocol,
        f"protocol {place + 1}",
        "form",
        "protocol",
        *at,
        place,
    )
    number = (
        f'<input type="text" class="lab-port" aria-label="port {place + 1}, empty for all" placeholder="all" '
        f'value="{esc(port.port)}" {does("form", "port", *at, place)}>'
    )
    return f'<span class="lab-part">{protocols}{number}{remove}</span>'


def _port_adder(form: Form, at: tuple[str, int], rule: RuleForm, around: Surroundings) -> str:
    """A choice of the ports that the called pods declare; plain typing comes after."""
    known = {(port.protocol, port.port) for port in rule.ports}
    offers = [
        (f"{number}/{protocol}", f"{protocol} {number}{f' ({name})' if name else ''}", "ports of these pods")
        for name, number, protocol in port_choices(_called(form, at, rule, around))
        if (protocol, str(number)) not in known
    ]
    choices = [("", "+ port", ""), *offers, ("8080/TCP", "another port", "")]
    return select(choices, "", "add a port", "form", "add-port", *at, kind="lab-adder")


def _called(form: Form, at: tuple[str, int], rule: RuleForm, around: Surroundings) -> list[Workload]:
    """The workloads that a rule's connections lead to: the target's for ingress, the peers' for egress."""
    if at[0] == "ingress":
        return _chosen(form.target, form.namespace, around)
    return [one for peer in rule.peers for one in _chosen(peer, form.namespace, around)]


def _chosen(choice: str, namespace: str, around: Surroundings) -> list[Workload]:
    if choice == "kept" or choice.startswith("cidr:"):
        return []
    where = choice.partition("@")[2] or namespace
    selector = peer_of(choice).get("podSelector")
    places = around.namespaces if where == "*" else (where,)
    return [one for name in places for one in around.selected(name, selector)]


def _x(label: str, *action: object) -> str:
    return f'<button type="button" class="lab-x" aria-label="{esc(label)}" {does("form", *action)}>×</button>'
