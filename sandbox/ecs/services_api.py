"""The ECS operations on services, their deployments and their revisions."""

import time

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException

from sandbox.ecs import answers
from sandbox.ecs.request import EcsRequest
from sandbox.ecs.rules import Deployment
from sandbox.ecs.state import LiveService

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MetricConfiguration.html
METRICS, RESOLUTIONS = {"CPUUtilization", "MemoryUtilization"}, (20, 60)


class ServicesApi(EcsRequest):
    """Services that keep every field, where moto drops most, and whose deployments really happen."""

    def create_service(self) -> ActionResult:
        """Creates a service and starts its first deployment."""
        live = self.ecs.create_service(self.cluster_name, self.request, time.time())
        return ActionResult({"service": answers.service(live) | {"tags": live.tags}})

    def update_service(self) -> ActionResult:
        """Changes what the request names."""
        live = self.active_service()
        for asked in self.request.get("monitoring", {}).get("metricConfigurations", []):
            if asked["resolutionSeconds"] not in RESOLUTIONS or not set(asked["metricNames"]) <= METRICS:
                raise InvalidParameterException(f"Invalid monitoring configuration: {asked}")
        self.ecs.update_service(live, self.request)
        return ActionResult({"service": answers.service(live) | {"tags": live.tags}})

    def describe_services(self) -> ActionResult:
        """Answers services; their task definition always as an ARN, where moto echoes what UpdateService was given."""
        found, failures = [], []
        for name in self.request.get("services", []):
            live = self.ecs.services.get(self.key(name))
            if live is None:
                failures.append({"arn": self.ecs.arn(f"service/{self.key(name)}"), "reason": "MISSING"})
            else:
                found.append(answers.service(live) | ({"tags": live.tags} if self.wants_tags else {}))
        return ActionResult({"services": found, "failures": failures})

    def list_services(self) -> ActionResult:
        """Lists the ARNs of a cluster's services, without those that were deleted."""
        cluster = self.cluster_name
        arns = [live.arn for live in self.ecs.services.values() if live.cluster == cluster and not live.deleted]
        return ActionResult({"serviceArns": arns})

    def delete_service(self) -> ActionResult:
        """Drains a service's tasks, then leaves it INACTIVE."""
        live = self.active_service()
        if live.state.desired_count > 0 and not self.request.get("force"):
            raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
        live.deleted = True
        live.state.desired_count = 0
        return ActionResult({"service": answers.service(live)})

    def list_service_deployments(self) -> ActionResult:
        """Lists a service's deployments, newest first; only those created after a time, if one is given."""
        live = self.service(self.request["service"])
        after = self.request.get("createdAt", {}).get("after", 0)
        chosen = [answers.service_deployment(live, d) for d in reversed(live.state.history) if d.created > after]
        return ActionResult({"serviceDeployments": chosen})

    def describe_service_deployments(self) -> ActionResult:
        """Answers the service deployments whose ARNs are given."""
        wanted = self.request["serviceDeploymentArns"]
        known = [answers.service_deployment(live, d) for live, d in self._every_deployment()]
        return ActionResult({"serviceDeployments": [d for d in known if d["serviceDeploymentArn"] in wanted]})

    def describe_service_revisions(self) -> ActionResult:
        """Answers the service revisions whose ARNs are given; `monitoring` shows only here."""
        wanted = self.request["serviceRevisionArns"]
        known = [answers.service_revision(live, d) for live, d in self._every_deployment()]
        return ActionResult({"serviceRevisions": [r for r in known if r["serviceRevisionArn"] in wanted]})

    def _every_deployment(self) -> list[tuple[LiveService, Deployment]]:
        return [(live, d) for live in self.ecs.services.values() for d in live.state.history]
