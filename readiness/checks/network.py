"""Whether the security groups let the load balancer reach the tasks, and the tasks their database."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.checks.database import read_instance
from readiness.context import Context
from readiness.row import Row, fail, ok, unknown

AREA = "network"


@dataclass(frozen=True)
class Way:
    """From whom to whom, in security groups, on which port; `blocks` are the sender's subnets by their CIDR blocks."""

    sender: list[str]
    blocks: list[str]
    groups: list[dict[str, Any]]
    port: int


def read_to_tasks(context: Context) -> Way:
    """From the load balancer to the container port."""
    live, settings = context.live, context.settings
    balancers = context.client("elbv2").describe_load_balancers(
        LoadBalancerArns=[live.target_group["LoadBalancerArns"][0]]
    )
    balancer = balancers["LoadBalancers"][0]
    port = next(b["containerPort"] for b in live.service["loadBalancers"] if b["containerName"] == settings.container)
    subnets = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
    return _way(context, balancer.get("SecurityGroups", []), subnets, _of(live)["securityGroups"], int(port))


def read_to_database(context: Context) -> Way:
    """From the tasks to the database's port."""
    network, database = _of(context.live), read_instance(context)
    groups = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
    port = int(database["Endpoint"]["Port"])
    return _way(context, network["securityGroups"], network["subnets"], groups, port)


def described_subnets(context: Context, ids: list[str]) -> list[dict[str, Any]]:
    """Subnets as DescribeSubnets gives them, each set read once."""

    def read() -> list[dict[str, Any]]:
        return list(context.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"])

    return context.once(f"subnets {sorted(ids)}", read)


def _of(live: Live) -> dict[str, Any]:
    return dict(live.service["networkConfiguration"]["awsvpcConfiguration"])


def _way(context: Context, sender: list[str], subnets: list[str], receiver: list[str], port: int) -> Way:
    groups = context.client("ec2").describe_security_groups(GroupIds=receiver)["SecurityGroups"]
    blocks = [str(subnet["CidrBlock"]) for subnet in described_subnets(context, subnets)]
    return Way(list(sender), blocks, groups, port)


def to_tasks(_: Settings, way: Way) -> Row:
    """The tasks' security groups let the load balancer in."""
    return _judged("to the tasks", way)


def to_database(_: Settings, way: Way) -> Row:
    """The database's security groups let the tasks in."""
    return _judged("to the database", way)


def _judged(name: str, way: Way) -> Row:
    groups = ", ".join(group["GroupId"] for group in way.groups)
    wanted = f"port {way.port} from {', '.join(way.sender) or ', '.join(way.blocks)}"
    rules = [rule for group in way.groups for rule in group["IpPermissions"] if _on_port(rule, way.port)]
    if any(pair["GroupId"] in way.sender for rule in rules for pair in rule.get("UserIdGroupPairs", [])):
        return ok(AREA, name, f"port {way.port} from {', '.join(way.sender)}", wanted)
    opened = [ip_network(block["CidrIp"], strict=False) for rule in rules for block in rule.get("IpRanges", [])]
    if opened and all(any(ip_network(b).subnet_of(o) for o in opened) for b in way.blocks):  # type: ignore[arg-type]
        return ok(AREA, name, f"port {way.port} from {', '.join(sorted(map(str, opened)))}", wanted)
    if any(rule.get("PrefixListIds") for rule in rules):
        return unknown(AREA, name, f"{groups} goes by a prefix list", wanted, "look at it in the VPC console")
    return fail(AREA, name, f"{groups or 'no group'} does not let it in", wanted, f"add it to {groups}'s inbound rules")


def _on_port(rule: dict[str, Any], port: int) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"]


CHECKS = (
    Check(AREA, "to the tasks", read_to_tasks, to_tasks),
    Check(AREA, "to the database", read_to_database, to_database),
)
