"""Whether a rollout ended where it should: ECS calls a service steady also after it has rolled back."""

import asyncio
import time
from typing import Any

import pulumi

from components.aws import explained
from components.errors import ExamError
from components.live import Live
from components.service import STEADY_STATE_MINUTES
from components.settings import Settings

POLL = 2  # seconds


def checked(name: str, settings: Settings, live: Live) -> pulumi.ResourceHookBinding:
    """Hooks for the service that fail the `up` when ECS serves another revision than the one rolled out."""

    def check(args: pulumi.ResourceHookArgs) -> None:
        _check(settings, live, str((args.new_inputs or {})["taskDefinition"]))

    hook = pulumi.ResourceHook(f"{name}-rollout", check, opts=pulumi.ResourceHookOptions(on_dry_run=False))
    return pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])


def finished(
    settings: Settings, live: Live, revision: pulumi.Output[str | None], *, begun: bool, complete: bool
) -> pulumi.Output[str]:
    """`revision`, once it serves; `begun` where this `up` has begun a rollout that the provider may not wait for.

    A rollout towards it that was going on when the `up` began makes no change for the provider to wait for. Old tasks
    that still drain are not waited for, as during an exam they do for an hour, unless it has to be `complete`. Raises
    ExamError when it ends elsewhere, or not within the service's own limit.
    """
    if pulumi.runtime.is_dry_run() or not (begun or complete or live.rolling_out):
        return revision.apply(str)

    async def wait(wanted: str | None) -> str:
        try:
            # In a thread, or it would hold up every other resource, and Ctrl-C.
            return await asyncio.to_thread(_wait, settings, live, str(wanted), complete=complete)
        except ExamError as error:
            # What a program raises late is told with a traceback, unless it is Pulumi's own error.
            raise pulumi.RunError(str(error)) from None

    return revision.apply(wait)


def _wait(settings: Settings, live: Live, wanted: str, *, complete: bool) -> str:
    limit = time.monotonic() + STEADY_STATE_MINUTES * 60
    while True:
        primary = next(d for d in _check(settings, live, wanted)["deployments"] if d["status"] == "PRIMARY")
        drained = primary.get("rolloutState") != "IN_PROGRESS"
        if primary["runningCount"] >= primary["desiredCount"] and (drained or not complete):
            return wanted
        if time.monotonic() > limit:
            raise ExamError(
                f"{primary['runningCount']} of {primary['desiredCount']} tasks of {wanted} run after "
                f"{STEADY_STATE_MINUTES} minutes; see the service's events, then run `up` again"
            )
        time.sleep(POLL)


def _check(settings: Settings, live: Live, wanted: str) -> dict[str, Any]:
    """The service as it is now; ExamError when it serves another revision than `wanted`."""
    ecs = live.access.client("ecs")
    with explained(f"the rollout of {wanted}", live.region):
        answer = ecs.describe_services(cluster=settings.cluster, services=[settings.service])
        service: dict[str, Any] = answer["services"][0]
        serving = service["taskDefinition"].rpartition("/")[2]
        if serving != wanted:
            raise ExamError(
                f"the rollout of {wanted} failed and ECS went back to {serving}, which serves on: "
                f"{_why(ecs, settings, service, wanted)}; mend the image or the posture and run `up` again"
            )
    return service


def _why(ecs: Any, settings: Settings, service: dict[str, Any], wanted: str) -> str:
    """What ECS says of the newest task of `wanted` that stopped, else its newest event about the deployment."""
    arns = ecs.list_tasks(cluster=settings.cluster, serviceName=settings.service, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=settings.cluster, tasks=arns)["tasks"] if arns else []
    stopped = [t for t in tasks if t["taskDefinitionArn"].endswith(f"/{wanted}") and "stoppedReason" in t]
    events = [event["message"] for event in service.get("events", []) if "deployment" in event["message"]]
    return next(iter([*(t["stoppedReason"] for t in stopped), *events]), "ECS gives no reason")
