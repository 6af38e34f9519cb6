"""The desired count to write, so that no `up` undoes what autoscaling does while it is at work."""

from collections.abc import Sequence

import pulumi

from components import figures
from components.aws import explained
from components.errors import ExamError
from components.live import Live
from components.settings import Settings


def latest(settings: Settings, live: Live, after: Sequence[pulumi.CustomResource]) -> pulumi.Output[int] | None:
    """The desired count to write; None where it is to stay, and then what autoscaling makes of it meanwhile.

    One that is raised is worked out anew when `after` is done, right before it is written: autoscaling may have gone
    beyond it since the live reading. One that is lowered needs no second look: it is autoscaling's own maximum.
    """
    planned = figures.desired_count(settings, live.desired_count)
    if planned == live.desired_count:
        return None
    if planned < live.desired_count or pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(planned)
    return pulumi.Output.all(*[resource.id for resource in after]).apply(lambda _: _count_now(settings, live))


def _count_now(settings: Settings, live: Live) -> int:
    try:
        with explained(f"the desired count of service {settings.service}", live.region):
            ecs = live.access.client("ecs")
            service = ecs.describe_services(cluster=settings.cluster, services=[settings.service])["services"][0]
    except ExamError as error:
        raise pulumi.RunError(str(error)) from None
    return figures.desired_count(settings, service["desiredCount"])
