"""What runs now: the service, the task definition it uses, its target group. Read-only."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.aws import Access, explained, found
from components.errors import ExamError
from components.settings import Settings

# The metrics whose resolution can be set, and the one that they have unless it is.
METRICS, STANDARD = ("CPUUtilization", "MemoryUtilization"), 60
# What Application Auto Scaling scales of an ECS service: its desired count.
SCALING = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


@dataclass(frozen=True)
class Live:
    """The live things, as AWS describes them.

    `task_definition` carries its `tags`; it may hold credentials in clear, so it must not be printed or logged.
    `load_balancer` is the dimension that CloudWatch knows the load balancer by (app/<name>/<id>); `scalable_target` is
    None where autoscaling is not set up; `database_class` (db.t3.micro) where it may not be read. `resolution` is how
    often ECS publishes the service's CPU and memory, in seconds; 0 where the two differ. `scheduled_action` and
    `revert_rule` bound a forgotten revert; None where it is not bounded.
    """

    account: str
    access: Access
    service: dict[str, Any]
    task_definition: dict[str, Any]
    target_group: dict[str, Any]
    target_group_attributes: dict[str, str]
    load_balancer: str
    scalable_target: dict[str, Any] | None
    scaling_policies: list[dict[str, Any]]
    database_class: str | None
    resolution: int
    scheduled_action: dict[str, Any] | None
    revert_rule: dict[str, Any] | None

    @property
    def region(self) -> str:
        """The region that all of it is in."""
        return self.access.region

    @property
    def desired_count(self) -> int:
        """The tasks that the service wants now."""
        return int(self.service["desiredCount"])

    @property
    def revision(self) -> str:
        """The task definition that the service uses, as family:revision."""
        return f"{self.task_definition['family']}:{self.task_definition['revision']}"

    @property
    def rolling_out(self) -> dict[str, Any] | None:
        """The deployment that the service is moving to; None where it has arrived."""
        deployments = self.service.get("deployments", [])
        return next(
            (d for d in deployments if d["status"] == "PRIMARY" and d.get("rolloutState") == "IN_PROGRESS"), None
        )

    @property
    def target_group_suffix(self) -> str:
        """The dimension that CloudWatch knows the target group by (targetgroup/<name>/<id>)."""
        return str(self.target_group["TargetGroupArn"].rpartition(":")[2])

    @property
    def deregistration_delay(self) -> int:
        """Seconds for which a deregistering target keeps its open connections."""
        return int(self.target_group_attributes["deregistration_delay.timeout_seconds"])


def revert_name(settings: Settings) -> str:
    """The name of the scheduled action and the event rule that bound a forgotten revert (revert.py)."""
    return f"{settings.service}-forgotten-revert"


def read_account(access: Access, client: Callable[[str], Any] | None = None) -> str:
    """The account that the access, or the client of STS that `client` gives, leads to. Raises ExamError as below."""
    with explained("the AWS account", access.region):
        return str((client or access.client)("sts").get_caller_identity()["Account"])


def read_live(
    access: Access, settings: Settings, client: Callable[[str], Any] | None = None, account: str | None = None
) -> Live:
    """Read the live things that `settings` names, with the provider's own access, or clients that `client` gives.

    `account` is given where it has been read before. What one answer does not need of another is asked side by side.
    Raises ExamError, one line that says what was looked for and where, when one is missing, is not what this program
    can adopt, or may not be read.
    """
    client, region = client or access.client, access.region
    account = account or read_account(access, client)
    with ThreadPoolExecutor() as aside:
        autoscaling = aside.submit(_autoscaling, client, settings, region)
        revert_rule = aside.submit(_revert_rule, client, settings, region)
        database_class = aside.submit(_database_class, client, settings)
        ecs = client("ecs")
        service = _service(ecs, settings, region, account)
        resolution = aside.submit(_resolution, ecs, service, settings, region)
        target_group = aside.submit(_target_group, client, service, settings, region)
        definition = _task_definition(ecs, service, settings, region)
    # Of several errors the first one is told, in the order of what hangs on what.
    seconds = resolution.result()
    group, attributes = target_group.result()
    targets, policies, actions = autoscaling.result()
    return Live(
        account=account,
        access=access,
        service=service,
        task_definition=definition,
        target_group=group,
        target_group_attributes=attributes,
        load_balancer=group["LoadBalancerArns"][0].partition(":loadbalancer/")[2],
        scalable_target=targets[0] if targets else None,
        scaling_policies=policies,
        scheduled_action=actions[0] if actions else None,
        revert_rule=revert_rule.result(),
        database_class=database_class.result(),
        resolution=seconds,
    )


def read_resolution(ecs: Any, service: dict[str, Any]) -> int:
    """How often ECS publishes the CPU and memory of `service` (DescribeServices), in seconds; 0 where the two differ.

    It is told of service revisions only; during a rollout of the newest.
    """
    arns = [revision["arn"] for revision in service.get("currentServiceRevisions", [])]
    if not arns:
        return STANDARD
    revisions = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    monitoring = max(revisions, key=lambda revision: revision["createdAt"]).get("monitoring", {})
    seconds = dict.fromkeys(METRICS, STANDARD)
    for configuration in monitoring.get("metricConfigurations", []):
        seconds |= dict.fromkeys(configuration["metricNames"], configuration["resolutionSeconds"])
    first, second = (seconds[metric] for metric in METRICS)
    return int(first) if first == second else 0


def _resolution(ecs: Any, service: dict[str, Any], settings: Settings, region: str) -> int:
    with explained(f"the revisions of service {settings.service}", region):
        return read_resolution(ecs, service)


def _autoscaling(
    client: Callable[[str], Any], settings: Settings, region: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The scalable targets of the service, of which there is one at most, their policies, and what bounds a revert."""
    with explained(f"the autoscaling of {settings.resource_id}", region):
        scaling = client("application-autoscaling")
        targets = scaling.describe_scalable_targets(**SCALING, ResourceIds=[settings.resource_id])["ScalableTargets"]
        policies = scaling.describe_scaling_policies(**SCALING, ResourceId=settings.resource_id)["ScalingPolicies"]
        actions = scaling.describe_scheduled_actions(
            **SCALING, ResourceId=settings.resource_id, ScheduledActionNames=[revert_name(settings)]
        )["ScheduledActions"]
    return targets, policies, actions


def _revert_rule(client: Callable[[str], Any], settings: Settings, region: str) -> dict[str, Any] | None:
    name = revert_name(settings)
    with explained(f"event rule {name}", region):
        try:
            return dict(client("events").describe_rule(Name=name))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
    return None


def _target_group(
    client: Callable[[str], Any], service: dict[str, Any], settings: Settings, region: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The target group that the service's container is behind, and its attributes."""
    elb, arn = client("elbv2"), _target_group_arn(service, settings)
    groups = found(
        lambda: elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"],
        f"target group {arn}",
        region,
        {"TargetGroupNotFound": f"target group {arn} of service {settings.service} is gone in {region}; put it back"},
    )
    if not groups[0]["LoadBalancerArns"]:
        raise ExamError(f"target group {groups[0]['TargetGroupName']} in {region} is behind no load balancer")
    with explained(f"the attributes of target group {arn}", region):
        attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return groups[0], {attribute["Key"]: attribute["Value"] for attribute in attributes}


def _service(ecs: Any, settings: Settings, region: str, account: str) -> dict[str, Any]:
    where = f"cluster {settings.cluster}, {region}, account {account}"
    answer = found(
        lambda: ecs.describe_services(cluster=settings.cluster, services=[settings.service]),
        f"service {settings.service} ({where})",
        region,
        {
            "ClusterNotFoundException": f"no ECS cluster {settings.cluster} in {region}, account {account}; "
            "is cluster, aws:region or aws:profile the right one?"
        },
    )
    if not answer["services"]:
        raise ExamError(f"no ECS service {settings.service} in {where}; is service the right name?")
    service: dict[str, Any] = answer["services"][0]
    problem = _not_adoptable(service)
    if problem:
        raise ExamError(f"ECS service {settings.service} ({where}) {problem}")
    return service


def _not_adoptable(service: dict[str, Any]) -> str | None:
    if service["status"] != "ACTIVE":
        return f"is {service['status']}, not ACTIVE; there is nothing to switch"
    strategy = [item["capacityProvider"] for item in service.get("capacityProviderStrategy", [])]
    if service.get("launchType") != "FARGATE" and not (strategy and all(p.startswith("FARGATE") for p in strategy)):
        return f"runs on {service.get('launchType') or ', '.join(strategy) or 'unknown'}, not on FARGATE"
    controller = service.get("deploymentController", {}).get("type", "ECS")
    if controller != "ECS":
        return f"is deployed by {controller}, not by rolling updates (ECS)"
    strategy_name = service.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    if strategy_name != "ROLLING":
        return f"has the deployment strategy {strategy_name}, not ROLLING"
    return None


def _task_definition(ecs: Any, service: dict[str, Any], settings: Settings, region: str) -> dict[str, Any]:
    arn = service["taskDefinition"]
    with explained(f"task definition {arn}", region):
        answer = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    definition: dict[str, Any] = {**answer["taskDefinition"], "tags": answer.get("tags", [])}
    names = [container["name"] for container in definition["containerDefinitions"]]
    if settings.container not in names:
        raise ExamError(
            f"no container {settings.container} in task definition {arn.rpartition('/')[2]} in {region}; "
            f"it has {', '.join(names)}: is container the right name?"
        )
    return definition


def _database_class(client: Callable[[str], Any], settings: Settings) -> str | None:
    """Only a hint needs it: a missing instance or permission is no reason to stop."""
    try:
        answer = client("rds").describe_db_instances(DBInstanceIdentifier=settings.database.instance)
    except (BotoCoreError, ClientError):
        return None
    return str(answer["DBInstances"][0]["DBInstanceClass"])


def _target_group_arn(service: dict[str, Any], settings: Settings) -> str:
    for balancer in service.get("loadBalancers", []):
        if balancer.get("containerName") == settings.container and balancer.get("targetGroupArn"):
            return str(balancer["targetGroupArn"])
    raise ExamError(
        f"ECS service {settings.service} has no target group for container {settings.container}; "
        "without one neither health nor draining can be switched"
    )
