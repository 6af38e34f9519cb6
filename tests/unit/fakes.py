"""ECS as the program meets it while it declares: the resolution of a service's metrics, its rollout, its count."""

from typing import Any

from botocore.exceptions import ClientError


class MetricsEcs:
    """One service that serves `revision`, with metrics every `resolution` seconds; setting that earns `refusal`."""

    def __init__(self, resolution: int = 60, refusal: str | None = None, revision: str = "") -> None:
        self.monitoring: dict[str, Any] = {"metricConfigurations": []}
        if resolution != 60:
            self.monitoring = monitoring(resolution)
        self.refusal, self.revision = refusal, revision
        self.set: list[dict[str, Any]] = []

    def update_service(self, **asked: Any) -> dict[str, Any]:
        self.set.append(asked)
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "not in this region"}}, "UpdateService")
        self.monitoring = asked["monitoring"]
        return {}

    def describe_services(self, **_: Any) -> dict[str, Any]:
        primary = {"status": "PRIMARY", "rolloutState": "COMPLETED", "runningCount": 1, "desiredCount": 1}
        service = {
            "taskDefinition": f"arn/{self.revision}",
            "desiredCount": 1,
            "deployments": [primary],
            "currentServiceRevisions": [{"arn": "old"}, {"arn": "new"}],
        }
        return {"services": [service]}

    def describe_service_revisions(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"serviceRevisionArns": ["old", "new"]}
        return {"serviceRevisions": [{"createdAt": 2, "monitoring": self.monitoring}, {"createdAt": 1}]}


def monitoring(resolution: int, *metrics: str) -> dict[str, Any]:
    """The `monitoring` of a service for some metrics, by default both."""
    names = list(metrics or ("CPUUtilization", "MemoryUtilization"))
    return {"metricConfigurations": [{"metricNames": names, "resolutionSeconds": resolution}]}
