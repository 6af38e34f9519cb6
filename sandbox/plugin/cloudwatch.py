"""CloudWatch alarms and dashboards, as resource types."""

from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, ResourceType, capitalised, names, uncapitalised
from sandbox.plugin.tags import key_value, retag, tags_of

# pulumi-aws's name: CloudWatch's, where it is not the same name with a capital.
ALARM_NAMES = {
    "name": "AlarmName",
    "okActions": "OKActions",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "metricQueries": "Metrics",
}


class MetricAlarm(ResourceType):
    """`aws:cloudwatch/metricAlarm:MetricAlarm`: PutMetricAlarm, by name."""

    service = "cloudwatch"
    inputs = names("""actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions
        evaluateLowSampleCountPercentiles evaluationPeriods extendedStatistic insufficientDataActions metricName
        metricQueries name namespace okActions period statistic threshold thresholdMetricId treatMissingData
        unit""")
    required = frozenset({"name", "comparisonOperator", "evaluationPeriods"})
    defaults: ClassVar[Properties] = {"actionsEnabled": True, "treatMissingData": "missing"}
    replace_on = frozenset({"name"})
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the alarm, with its tags."""
        self._put(aws, inputs, Tags=key_value(inputs.get("tagsAll")))
        state = self._state(aws, inputs["name"]) or {}
        if tags_of(state) != inputs["tagsAll"]:
            # AWS takes tags on the creation of an alarm only: this one was there already.
            retag(aws, {"ResourceARN": state["arn"]}, tags_of(state), inputs["tagsAll"])
            state |= {"tags": inputs["tagsAll"], "tagsAll": inputs["tagsAll"]}
        return inputs["name"], state

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by name."""
        found = self._state(aws, resource_id)
        return (resource_id, found) if found else None

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Put it again if more than the tags changed."""
        if changed - {"tags", "tagsAll"}:
            self._put(aws, inputs)
        if "tagsAll" in changed:
            retag(aws, {"ResourceARN": state["arn"]}, tags_of(state), inputs["tagsAll"])
        return self._state(aws, resource_id) or {}

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it by name."""
        aws.delete_alarms(AlarmNames=[resource_id])

    def _put(self, aws: Any, inputs: Properties, **more: Any) -> None:
        asked = {name: inputs[name] for name in self.inputs & inputs.keys()}
        asked["dimensions"] = _dimensions(asked.get("dimensions"))
        for query in asked.get("metricQueries", []):
            if "metric" in query:
                query["metric"] = _metric_stat(query["metric"])
        aws.put_metric_alarm(**capitalised({ALARM_NAMES.get(k, k): v for k, v in asked.items()}), **more)

    def _state(self, aws: Any, name: str) -> Properties | None:
        found = aws.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if not found:
            return None
        alarm = found[0]
        state = {
            name: uncapitalised(alarm.get(ALARM_NAMES.get(name, name[0].upper() + name[1:]))) for name in self.inputs
        }
        state["dimensions"] = {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])}
        state["metricQueries"] = [_query(item) for item in alarm.get("Metrics", [])]
        tags = {tag["Key"]: tag["Value"] for tag in aws.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]}
        return {**state, "arn": alarm["AlarmArn"], "tags": tags, "tagsAll": tags}


def _dimensions(values: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted((values or {}).items())]


def _metric_stat(metric: Properties) -> Properties:
    named = {"namespace": metric.get("namespace"), "metricName": metric["metricName"]}
    return {
        "metric": {**named, "dimensions": _dimensions(metric.get("dimensions"))},
        "period": metric.get("period"),
        "stat": metric["stat"],
        "unit": metric.get("unit"),
    }


def _query(item: dict[str, Any]) -> Properties:
    query: Properties = uncapitalised({k: v for k, v in item.items() if k != "MetricStat"})
    if "MetricStat" in item:
        stat = item["MetricStat"]
        query["metric"] = {
            "namespace": stat["Metric"].get("Namespace"),
            "metricName": stat["Metric"]["MetricName"],
            "dimensions": {pair["Name"]: pair["Value"] for pair in stat["Metric"].get("Dimensions", [])},
            "period": stat.get("Period"),
            "stat": stat["Stat"],
            "unit": stat.get("Unit"),
        }
    return query


class Dashboard(ResourceType):
    """`aws:cloudwatch/dashboard:Dashboard`: PutDashboard, by name."""

    service = "cloudwatch"
    inputs = frozenset({"dashboardBody", "dashboardName"})
    required = inputs
    replace_on = frozenset({"dashboardName"})
    json_inputs = frozenset({"dashboardBody"})

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the dashboard."""
        aws.put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
        return self.read(aws, inputs["dashboardName"], {}) or (inputs["dashboardName"], dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Get it by name."""
        try:
            found = aws.get_dashboard(DashboardName=resource_id)
        except (aws.exceptions.ResourceNotFound, aws.exceptions.DashboardNotFoundError):
            return None
        return resource_id, {
            "dashboardName": resource_id,
            "dashboardBody": found["DashboardBody"],
            "dashboardArn": found["DashboardArn"],
        }

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it by name."""
        if self.read(aws, resource_id, state):
            aws.delete_dashboards(DashboardNames=[resource_id])
