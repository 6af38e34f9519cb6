"""How often ECS publishes the service's CPU and memory: a field of UpdateService that no resource can set yet.

A new resolution is a new service revision, which replaces every task, and a policy on the high-resolution metrics may
only be put once that revision runs:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/target-tracking-faster-auto-scaling.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
from botocore.exceptions import ClientError

from components.aws import explained
from components.errors import ExamError
from components.live import METRICS, Live, read_resolution
from components.settings import Settings

# What UpdateService answers where a region or a kind of service does not have it.
REFUSALS = ("InvalidParameterException", "ClientException", "UnsupportedFeatureException")


class Monitoring:
    """Sets the posture's resolution ahead of the service's own rollout, and says what came of it afterwards.

    No hook of a resource does this: one runs only where its resource changes, and a resolution that somebody else
    changed is put right where nothing else is. `due` is whether there is anything to set: nothing in a preview, nor
    where the posture is live already.
    """

    due: bool

    def __init__(self, settings: Settings, live: Live) -> None:
        """Take the posture and what is live."""
        self._settings, self._live = settings, live
        self._wanted = settings.autoscaling.resolution
        self._refusal = ""
        self.due = self._wanted != live.resolution and not pulumi.runtime.is_dry_run()

    def ahead(self, revision: pulumi.Output[str], after: list[pulumi.CustomResource]) -> pulumi.Output[str]:
        """`revision` for the service (family:revision), known when the resolution is set, which is after `after`.

        The service's own update, if it has one, takes over the rollout that this begins: there is one to wait for.
        """
        if not self.due:
            return revision
        before = [resource.id for resource in after]
        return pulumi.Output.all(revision, *before).apply(lambda known: self._set(str(known[0])))

    def in_force(self, revision: pulumi.Output[str]) -> pulumi.Output[int]:
        """The resolution in seconds once `revision` serves; warns where it is not the posture's."""
        if pulumi.runtime.is_dry_run():
            return pulumi.Output.from_input(self._wanted)
        return revision.apply(lambda _: self._read_back() if self.due else self._wanted)

    def _set(self, revision: str) -> str:
        configuration = {"metricNames": list(METRICS), "resolutionSeconds": self._wanted}
        with self._ecs() as ecs:
            try:
                ecs.update_service(
                    cluster=self._settings.cluster,
                    service=self._settings.service,
                    monitoring={"metricConfigurations": [configuration]},
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in REFUSALS:
                    raise
                self._refusal = f" ({error.response['Error'].get('Message')})"
        return revision

    def _read_back(self) -> int:
        with self._ecs() as ecs:
            answer = ecs.describe_services(cluster=self._settings.cluster, services=[self._settings.service])
            resolution = read_resolution(ecs, answer["services"][0])
        if resolution != self._wanted:
            pulumi.log.warn(
                f"ECS does not publish the service's CPU and memory every {self._wanted} s{self._refusal}: autoscaling "
                "goes by the standard metrics, every 60 s; autoscaling.resolution: 60 asks for no more than these"
            )
        return resolution

    @contextmanager
    def _ecs(self) -> Iterator[Any]:
        """A client of ECS; what goes wrong with it ends the program with one line."""
        try:
            with explained(f"the resolution of the metrics of {self._settings.service}", self._live.region, "setting"):
                yield self._live.access.client("ecs")
        except ExamError as error:
            raise pulumi.RunError(str(error)) from None
