"""Whether a rollout ended where it should: ECS calls a service steady also after it has rolled back."""

from typing import Any

import pulumi

from components.aws import Access, explained
from components.errors import ExamError
from components.settings import Settings


def checked(name: str, access: Access, settings: Settings) -> pulumi.ResourceHookBinding:
    """Hooks for the service that fail the `up` when ECS serves another revision than the one rolled out."""

    def check(args: pulumi.ResourceHookArgs) -> None:
        wanted = str((args.new_inputs or {})["taskDefinition"])
        ecs = access.session().client("ecs")
        with explained(f"the rollout of {wanted}", access.region):
            service = ecs.describe_services(cluster=settings.cluster, services=[settings.service])["services"][0]
            serving = service["taskDefinition"].rpartition("/")[2]
            if serving != wanted:
                raise ExamError(
                    f"the rollout of {wanted} failed and ECS went back to {serving}, which serves on: "
                    f"{_why(ecs, settings, service, wanted)}; mend the image or the posture and run `up` again"
                )

    hook = pulumi.ResourceHook(f"{name}-rollout", check, opts=pulumi.ResourceHookOptions(on_dry_run=False))
    return pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])


def _why(ecs: Any, settings: Settings, service: dict[str, Any], wanted: str) -> str:
    """What ECS says of the newest task of `wanted` that stopped, else its newest event about the deployment."""
    arns = ecs.list_tasks(cluster=settings.cluster, serviceName=settings.service, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=settings.cluster, tasks=arns)["tasks"] if arns else []
    reasons = [
        t["stoppedReason"] for t in tasks if t["taskDefinitionArn"].endswith(f"/{wanted}") and "stoppedReason" in t
    ]
    events = [event["message"] for event in service.get("events", []) if "deployment" in event["message"]]
    return next(iter([*reasons, *events]), "ECS gives no reason")
