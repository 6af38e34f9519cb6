"""What moto 5.2.5 lacks, outside ECS, of the AWS that this project talks to. Each method says why it is here."""

import json
import math
from typing import Any

import moto.applicationautoscaling.urls
import moto.ecs.urls
import moto.elb.urls
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    applicationautoscaling_backends,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.cloudwatch.models import Statistics
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from sandbox import account_gaps, authorization, autoscaling
from sandbox.ecs import answers
from sandbox.ecs.answers import HIGH_RESOLUTION
from sandbox.ecs.api import EcsApi
from sandbox.ecs.state import ecs_of, lock


class AutoscalingApi(ApplicationAutoScalingResponse):
    """Application Auto Scaling with tags, upserts that keep what they replace, and AWS's errors."""

    @property
    def _backend(self) -> ApplicationAutoscalingBackend:
        return applicationautoscaling_backends[self.current_account][self.region]

    @property
    def _tags(self) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = vars(self._backend).setdefault("sandbox_tags", {})
        return tags

    def register_scalable_target(self) -> str:
        """moto forgets the tags."""
        answer: str = super().register_scalable_target()
        arn = json.loads(answer)["ScalableTargetARN"]
        self._tags.setdefault(arn, {}).update(self._get_param("Tags") or {})
        return answer

    def deregister_scalable_target(self) -> str:
        """AWS deletes the target's policies too, and has another error for a target that is not there."""
        key = (self._get_param("ResourceId"), self._get_param("ScalableDimension"))
        self._require_target(*key)
        for policy in list(self._backend.policies.values()):
            if (policy.resource_id, policy.scalable_dimension) == key:
                self._backend.delete_scaling_policy(policy.policy_name, policy.service_namespace, *key)
        answer: str = super().deregister_scalable_target()
        return answer

    def put_scaling_policy(self) -> str:
        """moto gives an updated policy a new ARN, leaves the old one's alarms behind, needs no target nor metric."""
        resource, dimension = self._get_param("ResourceId"), self._get_param("ScalableDimension")
        self._require_target(resource, dimension)
        metric = _tracked(self._get_param("TargetTrackingScalingPolicyConfiguration"))
        if metric.endswith("HighResolution"):
            _require_high_resolution(self._backend, resource, metric)
        key = FakeApplicationAutoscalingPolicy.formulate_key(
            self._get_param("ServiceNamespace"), resource, dimension, self._get_param("PolicyName")
        )
        old = self._backend.policies.get(key)
        if old:
            old.delete_alarms(self.current_account, self.region)
        super().put_scaling_policy()
        policy = self._backend.policies[key]
        if old:
            policy.policy_arn, policy.creation_time = old.policy_arn, old.creation_time
        _set_thresholds(policy)
        alarms = [{"AlarmARN": a.alarm_arn, "AlarmName": a.name} for a in policy.alarms]
        return json.dumps({"PolicyARN": policy.policy_arn, "Alarms": alarms})

    def describe_scaling_policies(self) -> str:
        """moto ignores PolicyNames."""
        answer = json.loads(super().describe_scaling_policies())
        names = self._get_param("PolicyNames")
        answer["ScalingPolicies"] = [p for p in answer["ScalingPolicies"] if not names or p["PolicyName"] in names]
        return json.dumps(answer)

    def describe_scaling_activities(self) -> str:
        """moto knows none."""
        known = vars(self._backend).get("sandbox_activities", [])
        asked = self._get_param("ResourceId")
        return json.dumps({"ScalingActivities": [a for a in known if asked in (None, a["ResourceId"])]})

    def delete_scaling_policy(self) -> str:
        """AWS has another error for a policy that is not there."""
        name = self._get_param("PolicyName")
        if name not in [p.policy_name for p in self._backend.policies.values()]:
            raise JsonRESTError("ObjectNotFoundException", f"No scaling policy found for policy name: {name}")
        answer: str = super().delete_scaling_policy()
        return answer

    def list_tags_for_resource(self) -> str:
        """moto has no tags here; without them HashiCorp's provider retries for minutes."""
        return json.dumps({"Tags": self._tags_of(self._get_param("ResourceARN"))})

    def tag_resource(self) -> str:
        """moto has no tags here."""
        self._tags_of(self._get_param("ResourceARN")).update(self._get_param("Tags"))
        return "{}"

    def untag_resource(self) -> str:
        """moto has no tags here."""
        tags = self._tags_of(self._get_param("ResourceARN"))
        for key in self._get_param("TagKeys"):
            tags.pop(key, None)
        return "{}"

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in [t.arn for targets in self._backend.targets.values() for t in targets.values()]:
            raise JsonRESTError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")
        return self._tags.setdefault(arn, {})

    def _require_target(self, resource: str, dimension: str) -> None:
        if resource not in self._backend.targets.get(dimension, {}):
            raise JsonRESTError(
                "ObjectNotFoundException",
                f"No scalable target registered for resource ID: {resource}, scalable dimension: {dimension}",
            )


def _set_thresholds(policy: FakeApplicationAutoscalingPolicy) -> None:
    """Gives a policy's two alarms the target, and 90 % of it, as AWS does; moto gives every one a threshold of 6."""
    configuration = policy.target_tracking_scaling_policy_configuration
    if configuration and policy.alarms:
        high, low = policy.alarms
        high.threshold, low.threshold = configuration["TargetValue"], configuration["TargetValue"] * 0.9
        if _tracked(configuration).endswith("HighResolution"):
            high.period = low.period = HIGH_RESOLUTION
            low.evaluation_periods = autoscaling.LOW_SECONDS // HIGH_RESOLUTION


def _tracked(configuration: dict[str, Any] | None) -> str:
    """The predefined metric that a policy tracks; empty for any other policy."""
    metric: str = (configuration or {}).get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
    return metric


def _require_high_resolution(backend: ApplicationAutoscalingBackend, resource: str, metric: str) -> None:
    """Raises the error for a policy on a high-resolution metric that no completed deployment of the service has.

    That it must be there first is AWS's word; the error's is the sandbox's.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/target-tracking-faster-auto-scaling.html
    """
    live = ecs_of(backend.ecs_backend).services[resource.removeprefix("service/")]
    name = "CPUUtilization" if "CPU" in metric else "MemoryUtilization"
    if live.state.primary.rollout_state != "COMPLETED" or answers.resolution(live, name) != HIGH_RESOLUTION:
        raise AWSValidationException(
            f"{metric} needs a completed deployment with {name} every {HIGH_RESOLUTION} seconds"
        )


class LoadBalancingApi(ELBV2Response):
    """Elastic Load Balancing whose targets are the scheduler's tasks."""

    def describe_target_health(self) -> ActionResult:
        """moto knows no targets but those that somebody registers by hand."""
        arn = self._get_param("TargetGroupArn")
        self._target_group(arn)
        with lock:
            services = ecs_of(ecs_backends[self.current_account][self.region]).services.values()
            found = [target for live in services for target in answers.targets(live, arn)]
        asked = [target["Id"] for target in self._get_param("Targets", [])]
        chosen = [target for target in found if not asked or target["Target"]["Id"] in asked]
        return ActionResult({"TargetHealthDescriptions": chosen})

    def modify_target_group_attributes(self) -> ActionResult:
        """moto refuses a deregistration delay of 3600 s, which AWS allows, and answers only what was changed."""
        group = self._target_group(self._get_param("TargetGroupArn"))
        changes = {a["Key"]: a["Value"] for a in self._get_param("Attributes", [])}
        checked = {k: v for k, v in changes.items() if (k, v) != ("deregistration_delay.timeout_seconds", "3600")}
        self.elbv2_backend.modify_target_group_attributes(group.arn, checked)
        group.attributes.update(changes)
        return ActionResult({"Attributes": group.attributes})

    def _target_group(self, arn: str) -> FakeTargetGroup:
        if arn not in self.elbv2_backend.target_groups:
            raise TargetGroupNotFoundError
        return self.elbv2_backend.target_groups[arn]


def _statistic(statistics: Statistics, name: str) -> Any:
    """moto knows no percentile: of no value none, else the nearest rank."""
    if not name.startswith("p"):
        return _motos_statistic(statistics, name)
    values = sorted(statistics.metric_single_values_list)
    return values[math.ceil(len(values) * float(name[1:]) / 100) - 1] if values else None


_motos_statistic = Statistics.get_statistics_for_type


def _require_service(backend: ApplicationAutoscalingBackend, resource: str) -> bool:
    """Raises AWS's error for a scalable target of a service that is not there; moto asks its own ECS."""
    live = ecs_of(backend.ecs_backend).services.get(resource.removeprefix("service/"))
    if live is None or live.deleted:
        raise AWSValidationException(f"ECS service doesn't exist: {resource}")
    return True


def fill() -> None:
    """Puts the sandbox's operations in the place of moto's."""
    moto.ecs.urls.url_paths = {"{0}/$": EcsApi.dispatch}
    moto.applicationautoscaling.urls.url_paths = {"{0}/$": AutoscalingApi.dispatch}
    moto.elb.urls.url_paths = {"{0}/$": LoadBalancingApi.dispatch}
    account_gaps.fill()
    Statistics.get_statistics_for_type = _statistic  # type: ignore[method-assign, assignment]
    authorization.enforce()
    # mypy takes assigning to a method for a mistake; it is what this module is for.
    ApplicationAutoscalingBackend._ecs_service_exists_for_target = _require_service  # type: ignore[method-assign, assignment]
