"""boto3 as the provider is configured: region, profile, assumed roles. Imported and connected on first use."""

import json
import os
import threading
from typing import Any

from sandbox.plugin.resource import Properties

RETRIES = 25  # of a call, HashiCorp's default for `maxRetries`


class Aws:
    """Clients for one provider configuration (`region`, `profile`, `assumeRoles`, `maxRetries`, keys), made once."""

    def __init__(self, config: Properties) -> None:
        """Keep the configuration; structured values come as JSON text."""
        environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        self.region: str = config.get("region") or environment
        self._profile: str | None = config.get("profile")
        roles = config.get("assumeRoles") or []
        keys = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}
        self._retries = int(config.get("maxRetries") or RETRIES)
        self._keys = {keys[name]: value for name, value in config.items() if name in keys and value}
        self._roles: list[Properties] = json.loads(roles) if isinstance(roles, str) else roles
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None
        # boto3's sessions are not safe to use from several threads; its clients are.
        self._lock = threading.Lock()

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._session = self._session or self._start()
                self._clients[key] = self._make(self._session, service, region)
            return self._clients[key]

    def _start(self) -> Any:
        import boto3  # noqa: PLC0415  # a third of a second, and only the calls to AWS need it

        session = boto3.Session(profile_name=self._profile, **self._keys)
        for role in self._roles:
            names = {"roleArn": "RoleArn", "sessionName": "RoleSessionName", "externalId": "ExternalId"}
            asked = {"RoleSessionName": "pulumi", **{names[k]: v for k, v in role.items() if k in names and v}}
            given = self._make(session, "sts", self.region).assume_role(**asked)["Credentials"]
            session = boto3.Session(
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given["SessionToken"],
            )
        return session

    def _make(self, session: Any, service: str, region: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415  # as above

        retries = Config(retries={"mode": "adaptive", "max_attempts": self._retries})
        return session.client(service, region_name=region or None, config=retries)


def reason_of(error: Exception, resource: str) -> str:
    """One line for the operator: `<Action> on <resource>: <code>: <message>` for an AWS error, the error's own else."""
    from botocore.exceptions import ClientError  # noqa: PLC0415  # as above

    if isinstance(error, ClientError):
        told = error.response["Error"]
        return f"{error.operation_name} on {resource}: {told['Code']}: {told['Message']}"
    return f"{resource}: {error}" if str(error) else f"{resource}: {type(error).__name__}"
