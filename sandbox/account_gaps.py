"""What moto 5.2.5 lacks of the services around the exam service. Each method says why it is here."""

import itertools
import json
from typing import Any

import moto.cloudwatch.urls
import moto.iam.urls
import moto.logs.models
import moto.servicequotas.urls
import moto.sns.urls
from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role
from moto.iam.responses import IamResponse
from moto.logs.utils import EventMessageFilter
from moto.servicequotas.responses import ServiceQuotasResponse
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import Subscription
from moto.sns.responses import SNSResponse

from sandbox.permissions import Need, allowed

PENDING = "PendingConfirmation"
# What Fargate allows a new account: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
VCPU_QUOTA = {
    "ServiceCode": "fargate",
    "ServiceName": "AWS Fargate",
    "QuotaCode": "L-3032A538",
    "QuotaName": "Fargate On-Demand vCPU resource count",
    "QuotaArn": "arn:aws:servicequotas:us-east-2:123456789012:fargate/L-3032A538",
    "Value": 140.0,
    "Unit": "None",
    "Adjustable": True,
    "GlobalQuota": False,
}


class SnsApi(SNSResponse):
    """SNS in which an e-mail address has to confirm. The token that AWS mails is here the subscription's own id."""

    def subscribe(self) -> ActionResult:
        """moto takes every new subscription for confirmed."""
        known = set(self.backend.subscriptions)
        answer = super().subscribe()
        for arn in self.backend.subscriptions.keys() - known:
            subscription = self.backend.subscriptions[arn]
            if subscription.protocol in ("email", "email-json"):
                subscription.attributes |= {PENDING: True, "ConfirmationWasAuthenticated": False}
        return answer

    def confirm_subscription(self) -> ActionResult:
        """moto confirms nothing."""
        arn = f"{self._get_param('TopicArn')}:{self._get_param('Token')}"
        if arn not in self.backend.subscriptions:
            raise SNSInvalidParameter("Invalid parameter: Token")
        self.backend.subscriptions[arn].attributes[PENDING] = False
        return ActionResult({"SubscriptionArn": arn})

    def list_subscriptions_by_topic(self) -> ActionResult:
        """moto tells the ARN of a subscription that waits for its confirmation; AWS does not."""
        topic = self.backend.get_topic(self._get_param("TopicArn")).arn
        found = [s for s in self.backend.subscriptions.values() if s.topic_arn == topic]
        return ActionResult({"Subscriptions": [_subscription(subscription) for subscription in found]})


def _subscription(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": PENDING if subscription.attributes[PENDING] is True else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


class CloudWatchApi(CloudWatchResponse):
    """CloudWatch that tells what its alarms went through."""

    def describe_alarm_history(self) -> ActionResult:
        """moto keeps an alarm's history, as pairs of an old state and since when it was, and tells nobody."""
        alarm = self.cloudwatch_backend.alarms.get(self._get_param("AlarmName"))
        start, end = (self._get_param(name) for name in ("StartDate", "EndDate"))
        items = _changes(alarm) if alarm else []
        chosen = [
            item
            for item in items
            if (not start or start <= item["Timestamp"]) and (not end or item["Timestamp"] <= end)
        ]
        return ActionResult({"AlarmHistoryItems": chosen[::-1]})


def _changes(alarm: Alarm) -> list[dict[str, Any]]:
    """The changes of an alarm's state, oldest first."""
    states = [*((entry[3], entry[4]) for entry in alarm.history), (alarm.state_value, alarm.state_updated_timestamp)]
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": moment,
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {old} to {new}",
            "HistoryData": json.dumps(
                {"version": "1.0", "oldState": {"stateValue": old}, "newState": {"stateValue": new}}
            ),
        }
        for (old, _), (new, moment) in itertools.pairwise(states)
    ]


class IamApi(IamResponse):
    """IAM that can tell what a role may do."""

    def _determine_resource(self) -> Any:
        """moto finds no resource of this call; authorization.py, which is given the call itself, does."""
        return self if self._get_action() == "SimulatePrincipalPolicy" else super()._determine_resource()

    def simulate_principal_policy(self) -> ActionResult:
        """moto does not simulate policies; here a role's `Allow` statements decide."""
        arn = str(self._get_param("PolicySourceArn"))
        role = next((role for role in self.backend.roles.values() if role.arn == arn), None)
        if role is None:
            raise NotFoundException(f"Policy source {arn} does not exist")
        needs = [
            Need(action, resource)
            for action in self._get_param("ActionNames", [])
            for resource in self._get_param("ResourceArns", ["*"])
        ]
        return ActionResult({"EvaluationResults": [_simulated(role, need) for need in needs], "IsTruncated": False})


def _simulated(role: Role, need: Need) -> dict[str, Any]:
    policies = [*role.policies.values(), *role.managed_policies.values()]
    may = any(allowed(IAMPolicy(policy)._policy_json["Statement"], need) for policy in policies)
    return {
        "EvalActionName": need.action,
        "EvalResourceName": need.resource,
        "EvalDecision": "allowed" if may else "implicitDeny",
        "MatchedStatements": [],
        "MissingContextValues": [],
    }


class AnyTermFilter(EventMessageFilter):
    """A filter of log events that knows `?one ?other`: any of the terms; moto lets every event pass it."""

    def __init__(self, pattern: str | None) -> None:
        """Takes the pattern as FilterLogEvents has it, if it has one."""
        terms = (pattern or "").split()
        self._terms = [term[1:].strip('"') for term in terms] if terms and all(t[0] == "?" for t in terms) else []
        super().__init__(pattern or "")

    def matches(self, message: str) -> bool:
        """Whether a message has any of the terms."""
        return any(term in message for term in self._terms) if self._terms else super().matches(message)


class QuotasApi(ServiceQuotasResponse):
    """Service Quotas with the one quota of Fargate that limits how many tasks may run."""

    def get_service_quota(self) -> str:
        """moto has the quotas of VPC only."""
        if self._get_param("QuotaCode") == VCPU_QUOTA["QuotaCode"]:
            return json.dumps({"Quota": VCPU_QUOTA})
        answer: str = super().get_service_quota()
        return answer


def fill() -> None:
    """Puts the sandbox's operations in the place of moto's."""
    moto.cloudwatch.urls.url_paths["{0}/$"] = CloudWatchApi.dispatch
    moto.sns.urls.url_paths["{0}/$"] = SnsApi.dispatch
    moto.iam.urls.url_paths = {"{0}/$": IamApi.dispatch}
    moto.servicequotas.urls.url_paths = {"{0}/$": QuotasApi.dispatch}
    # mypy takes assigning to a class for a mistake; it is what this module is for.
    moto.logs.models.EventMessageFilter = AnyTermFilter  # type: ignore[attr-defined]
