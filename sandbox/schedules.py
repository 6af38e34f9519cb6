"""What AWS does at a time: scheduled actions and rules with a one-time schedule, by a clock that can be moved ahead.

Only that clock moves: tasks, metrics and alarms keep the sandbox's pace. Whether Application Auto Scaling still lists
an action that has run is not documented; here it does not.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from moto.applicationautoscaling.models import FakeScheduledAction, applicationautoscaling_backends
from moto.events.models import Rule, events_backends
from moto.sns.models import sns_backends

from sandbox.ecs.state import lock
from sandbox.world import ACCOUNT, CLUSTER, REGION, SERVICE, the_service

AT = re.compile(r"at\((.+)\)")
# Minute, hour, day and month of one year: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
ONCE = re.compile(r"cron\((\d+) (\d+) (\d+) (\d+) \? (\d+)\)")


class Schedules:
    """What is due and has not been done yet is done at the next look; mails are kept as their readers got them."""

    def __init__(self) -> None:
        """The clock is the wall's."""
        self.reset()

    def reset(self) -> None:
        """The clock is the wall's again, and nothing has been done."""
        with lock:
            self._ahead = 0.0
            self._done: list[str] = []
            self._mails: list[dict[str, str]] = []

    def move(self, seconds: float, now: float) -> None:
        """Moves the clock ahead, and does what is due then; `now` is as for `advance`."""
        with lock:
            self._ahead += seconds
            self.advance(now)

    def told(self) -> dict[str, Any]:
        """How far the clock is ahead (seconds), what was done, and the mails."""
        with lock:
            return {"ahead": self._ahead, "done": list(self._done), "mails": list(self._mails)}

    def advance(self, now: float) -> None:
        """Does what is due `now` (seconds since the epoch, by the wall's clock); the lock is held."""
        moment = datetime.fromtimestamp(now + self._ahead, UTC)
        scaling = applicationautoscaling_backends[ACCOUNT][REGION]
        for action in [a for a in scaling.scheduled_actions if _due(_at(a.schedule), moment)]:
            scaling.scheduled_actions.remove(action)
            self._done.append(action.scheduled_action_name)
            _scale(action)
        for rule in list(events_backends[ACCOUNT][REGION].event_buses["default"].rules.values()):
            done = f"{rule.name} {rule.scheduled_expression}"
            if rule.state == "ENABLED" and done not in self._done and _due(_once(rule.scheduled_expression), moment):
                self._done.append(done)
                self._tell(rule)

    def _tell(self, rule: Rule) -> None:
        topics = sns_backends[ACCOUNT][REGION].topics
        for target in rule.targets:
            if target["Arn"] in topics:
                self._mails.append({"topic": target["Arn"], "text": str(json.loads(target["Input"]))})


def _at(schedule: str | None) -> datetime | None:
    found = AT.fullmatch(schedule or "")
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None


def _once(schedule: str | None) -> datetime | None:
    found = ONCE.fullmatch(schedule or "")
    if found is None:
        return None
    minute, hour, day, month, year = (int(part) for part in found.groups())
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def _due(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at <= moment


def _scale(action: FakeScheduledAction) -> None:
    """Sets the bounds of the action's target, and the count to be within them.

    https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-policy-overview.html
    """
    asked: Any = action.scalable_target_action
    scaling = applicationautoscaling_backends[ACCOUNT][REGION]
    target = scaling.targets.get(action.scalable_dimension, {}).get(action.resource_id)
    if target is None:
        return
    target.update(asked.get("MinCapacity"), asked.get("MaxCapacity"), target.suspended_state)
    live = the_service()
    if live is not None and action.resource_id == f"service/{CLUSTER}/{SERVICE}":
        low, high = target.min_capacity or 0, target.max_capacity or 0
        live.state.desired_count = min(max(live.state.desired_count, low), high)
