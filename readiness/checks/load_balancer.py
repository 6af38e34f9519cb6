"""Whether the load balancer brings the exam's host to every task, and lets a task go gently."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import live
from readiness.context import Context
from readiness.row import UP, Row, fail, ok, warn

AREA = "load balancer"
SOON = timedelta(days=14)


@dataclass(frozen=True)
class Listener:
    """A listener with its rules, as DescribeListeners and DescribeRules give them."""

    described: dict[str, Any]
    rules: list[dict[str, Any]]

    @property
    def certificates(self) -> list[str]:
        """The ARNs of its certificates; the first is the default one."""
        return [str(certificate["CertificateArn"]) for certificate in self.described.get("Certificates", [])]


def read_targets(context: Context) -> tuple[Live, list[dict[str, Any]]]:
    """What runs now, and the health of every target."""
    arn = context.live.target_group["TargetGroupArn"]
    health = context.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return context.live, health


def targets(_: Settings, found: tuple[Live, list[dict[str, Any]]]) -> Row:
    """Every target is healthy, and there are as many as desired tasks; one that drains is no target any more."""
    live, health = found
    states = [target["TargetHealth"]["State"] for target in health]
    draining = states.count("draining")
    current, healthy = len(states) - draining, states.count("healthy")
    text = f"{healthy} of {current} healthy" + (f", {draining} draining" if draining else "")
    wanted = f"{live.desired_count} healthy"
    if healthy == current == live.desired_count:
        return ok(AREA, "targets", text, wanted)
    reasons = sorted({str(t["TargetHealth"]["Description"]) for t in health if "Description" in t["TargetHealth"]})
    return fail(AREA, "targets", "; ".join([text, *reasons]), wanted, "wait a minute; then look at the task's logs")


def health_check(settings: Settings, live: Live) -> Row:
    """The path that targets are checked by is the posture's."""
    found, wanted = str(live.target_group["HealthCheckPath"]), settings.target_group.path
    if found != wanted:
        return fail(AREA, "health check path", found, wanted, UP)
    return ok(AREA, "health check path", found, wanted)


def draining(settings: Settings, live: Live) -> Row:
    """A deregistered target keeps its connections for as long as the posture says."""
    found, wanted = f"{live.deregistration_delay} s", f"{settings.target_group.deregistration_delay} s"
    if found != wanted:
        return fail(AREA, "draining", found, wanted, UP)
    return ok(AREA, "draining", found, wanted)


def stickiness(settings: Settings, live: Live) -> Row:
    """As the posture says; and with more than one task it has to be on, or a student's session ends at each request."""
    enabled = live.target_group_attributes.get("stickiness.enabled") == "true"
    wanted, found = settings.target_group.stickiness.enabled, "on" if enabled else "off"
    if live.desired_count > 1 and not enabled:
        text = f"off, with {live.desired_count} tasks: requests of one student reach several"
        return fail(AREA, "stickiness", text, "on", UP)
    if enabled is not wanted:
        return fail(AREA, "stickiness", found, "on" if wanted else "off", UP)
    return ok(AREA, "stickiness", found, "on" if wanted else "off")


def read_listeners(context: Context) -> list[Listener]:
    """The load balancer's listeners that speak the exam URL's protocol, with their rules."""

    def read() -> list[Listener]:
        elb, balancer = context.client("elbv2"), context.live.target_group["LoadBalancerArns"][0]
        scheme = urlsplit(context.settings.url).scheme.upper()
        listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        return [
            Listener(listener, elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"])
            for listener in listeners
            if listener["Protocol"] == scheme
        ]

    return context.once("listeners", read)


def read_rules(context: Context) -> tuple[Live, list[Listener]]:
    """What runs now, and the listeners."""
    return context.live, read_listeners(context)


def host_rule(settings: Settings, found: tuple[Live, list[Listener]]) -> Row:
    """The first rule that takes the exam's host leads to this target group."""
    live, listeners = found
    host, arn = str(urlsplit(settings.url).hostname), live.target_group["TargetGroupArn"]
    name, todo = live.target_group["TargetGroupName"], "put the host rule back (EC2 console, Load balancers, Listeners)"
    if not listeners:
        return fail(AREA, "host rule", f"no listener for {settings.url}", f"{host} -> {name}", todo)
    for listener in listeners:
        rule = next(rule for rule in sorted(listener.rules, key=_priority) if _takes(rule, host))
        groups = _groups(rule)
        if groups == {arn}:
            return ok(AREA, "host rule", f"leads to {name}", host)
    leads = ", ".join(sorted(group.split("/")[-2] for group in groups)) or rule["Actions"][-1]["Type"]
    return fail(AREA, "host rule", f"{host} -> {leads}", f"{host} -> {name}", todo)


def _priority(rule: dict[str, Any]) -> float:
    return float("inf") if rule["IsDefault"] else int(rule["Priority"])


def _takes(rule: dict[str, Any], host: str) -> bool:
    """Whether a rule takes a plain request to `host`: no condition but on the host, or on any path."""

    def holds(condition: dict[str, Any]) -> bool:
        match condition["Field"]:
            case "host-header":
                values = condition.get("HostHeaderConfig", condition).get("Values", [])
                return any(fnmatchcase(host.lower(), value.lower()) for value in values)
            case "path-pattern":
                return "/*" in condition.get("PathPatternConfig", condition).get("Values", [])
        return False

    return all(holds(condition) for condition in rule["Conditions"])


def _groups(rule: dict[str, Any]) -> set[str]:
    found = set()
    for action in rule["Actions"]:
        if action["Type"] == "forward":
            weighted = action.get("ForwardConfig", {}).get("TargetGroups", [])
            found |= {group["TargetGroupArn"] for group in weighted if group.get("Weight", 1)}
            found |= {action["TargetGroupArn"]} if action.get("TargetGroupArn") else set()
    return found


def read_certificates(context: Context) -> tuple[list[dict[str, Any]], datetime]:
    """The listeners' certificates as ACM describes them, and the moment of the look."""
    arns = {arn for listener in read_listeners(context) for arn in _every_certificate(context, listener)}
    acm = context.client("acm")
    return [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in sorted(arns)], context.now


def _every_certificate(context: Context, listener: Listener) -> list[str]:
    """DescribeListeners tells the default certificate only."""
    elb = context.client("elbv2")
    more = elb.describe_listener_certificates(ListenerArn=listener.described["ListenerArn"])["Certificates"]
    return [*listener.certificates, *(certificate["CertificateArn"] for certificate in more)]


def certificate(settings: Settings, found: tuple[list[dict[str, Any]], datetime]) -> Row:
    """A certificate for the host is issued, and does not expire soon."""
    certificates, now = found
    url = urlsplit(settings.url)
    name, todo = "certificate", "look at it in the ACM console; it renews itself while its DNS record is there"
    if url.scheme == "http":
        return ok(AREA, name, "none: the exam URL is http", "none")
    for_host = [c for c in certificates if any(_covers(n, str(url.hostname)) for n in _names(c))]
    if not for_host:
        names = ", ".join(sorted({n for c in certificates for n in _names(c)})) or "no certificate"
        return fail(AREA, name, names, f"one for {url.hostname}", "add one to the listener (ACM)")
    best = max(for_host, key=lambda c: (c["Status"] == "ISSUED", c.get("NotAfter", now)))
    if best["Status"] != "ISSUED":
        return fail(AREA, name, f"{best['DomainName']} is {best['Status']}", "ISSUED", todo)
    left = best["NotAfter"] - now
    text = f"valid until {best['NotAfter']:%Y-%m-%d} ({left.days} days)"
    if left <= timedelta(0):
        return fail(AREA, name, f"{best['DomainName']} expired {best['NotAfter']:%Y-%m-%d}", "a valid one", todo)
    if left < SOON:
        return warn(AREA, name, text, f"{SOON.days} days left", todo)
    return ok(AREA, name, text, f"{SOON.days} days left")


def _names(certificate: dict[str, Any]) -> list[str]:
    return [certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])]


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name is for `host`; a wildcard stands for one label."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


CHECKS = (
    Check(AREA, "targets", read_targets, targets),
    Check(AREA, "health check path", live, health_check),
    Check(AREA, "draining", live, draining),
    Check(AREA, "stickiness", live, stickiness),
    Check(AREA, "host rule", read_rules, host_rule),
    Check(AREA, "certificate", read_certificates, certificate),
)
