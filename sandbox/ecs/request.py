"""What the ECS API operations of the sandbox share: the request, and the things that it names."""

import json
from typing import Any

from moto.ecs.exceptions import ECSException, ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.ecs.state import Ecs, LiveService, ecs_of, lock


class EcsRequest(EC2ContainerServiceResponse):
    """moto's ECS operations, and the way from a request to the sandbox's own state."""

    # moto's class keeps here, for all threads at once, whether the request at hand wants tags.
    RESPONSE_KEY_PATH_TO_TRANSFORMER: dict[str, Any] = {}  # noqa: RUF012 - the type is that of moto's class

    def call_action(self) -> Any:
        """Answers a call while the scheduler waits."""
        with lock:
            return super().call_action()

    @property
    def ecs(self) -> Ecs:
        """The services and task definitions of the request's account and region."""
        return ecs_of(self.ecs_backend)

    @property
    def request(self) -> dict[str, Any]:
        """The request's fields by their API names."""
        fields: dict[str, Any] = json.loads(self.body or "{}")
        return fields

    @property
    def wants_tags(self) -> bool:
        """Whether a Describe call asks for tags."""
        return "TAGS" in self.request.get("include", [])

    @property
    def cluster_name(self) -> str:
        """The name of the cluster that the request names.

        Raises:
            ClusterNotFoundException: there is none of that name.
        """
        name: str = self.ecs_backend._get_cluster(self.request.get("cluster", "default")).name
        return name

    def key(self, service_name_or_arn: str) -> str:
        """A service's key in the sandbox's state: cluster/name."""
        return f"{self.cluster_name}/{service_name_or_arn.rsplit('/', maxsplit=1)[-1]}"

    def service(self, name_or_arn: str) -> LiveService:
        """The service of a name or ARN, a deleted one too.

        Raises:
            ServiceNotFoundException: there is none.
        """
        live = self.ecs.services.get(self.key(name_or_arn))
        if live is None:
            raise ServiceNotFoundException
        return live

    def active_service(self) -> LiveService:
        """The service that the request is about.

        Raises:
            ServiceNotFoundException: there is none.
            ECSException: it was deleted.
        """
        live = self.service(self.request["service"])
        if live.deleted:
            raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
        return live
