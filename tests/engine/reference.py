"""What an undisturbed `up` of each stack makes, to hold the disturbed ones against."""

import json
from typing import Any

from tests.engine.harness import Project


class Reference:
    """AWS and the state after exam, then idle; `actions` are all calls that they make, as service:Action."""

    def __init__(self, project: Project) -> None:
        self.world: dict[str, dict[str, Any]] = {}
        self.resources: dict[str, list[str]] = {}
        self.actions: set[str] = set()
        for stack in ("exam", "idle"):
            project.up(stack)
            self.actions |= {f"{call['service']}:{call['action']}" for call in project.calls()}
            self.world[stack], self.resources[stack] = look(project), project.resources(stack)

    def reached(self, project: Project, stack: str) -> None:
        """The posture, wholly; and no resource twice, none too many."""
        project.settle()
        assert look(project) == self.world[stack]
        assert project.resources(stack) == self.resources[stack]


def look(project: Project) -> dict[str, Any]:
    """All that a posture determines of AWS, in a form in which two worlds can be compared."""
    status = project.status()
    service = {k: status["service"][k] for k in ("desired", "running", "cpu", "memory", "image")}
    scaling, events, sns = (project.client(n) for n in ("application-autoscaling", "events", "sns"))
    rules = events.list_rules()["Rules"]
    return {
        **status,
        "service": service,
        "definition": project.definition(),
        "target group": project.target_group(),
        "policies": [
            {k: p[k] for k in ("PolicyName", "ResourceId", "TargetTrackingScalingPolicyConfiguration")}
            for p in scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        ],
        "thresholds": {
            a["AlarmName"]: (a["Threshold"], a["AlarmActions"], a["OKActions"], sorted(a["Dimensions"], key=str))
            for a in project.client("cloudwatch").describe_alarms()["MetricAlarms"]
            if a["AlarmName"] in status["alarms"]
        },
        "dashboards": project.dashboards(),
        "topics": sns.list_topics()["Topics"],
        "rules": [
            (r["Name"], json.loads(r["EventPattern"]), events.list_targets_by_rule(Rule=r["Name"])["Targets"])
            for r in rules
        ],
    }
