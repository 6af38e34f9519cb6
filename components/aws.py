"""Calls to AWS that go where the Pulumi provider goes: same region, profile and assumed roles; read-only use."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnectionError

from components.errors import DeniedError, ExamError

READ_LIMIT = 120  # seconds
ATTEMPTS = 5
# The most that the SDK waits between that many attempts, in seconds: 1 + 2 + 4 + 8.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
WAITS = 15
CONNECT_LIMIT = 5  # seconds
# Seconds that clients are used for. The credentials of an assumed role last for an hour, where its owner says no less.
KEPT = 1800
# SNS says AuthorizationError, EC2 UnauthorizedOperation.
DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AccessDeniedFault",
    "AuthorizationError",
    "UnauthorizedOperation",
)
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException")


@dataclass
class _Kept:
    """A session and its clients, `until` when they are used, by time.monotonic().

    A client may be used by several threads, a session may not:
    https://docs.aws.amazon.com/boto3/latest/guide/session.html
    """

    session: boto3.Session | None = None
    clients: dict[str, Any] = field(default_factory=dict)
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Access:
    """Where and as whom AWS is asked: `aws:region`, `aws:profile` and `aws:assumeRoles` of the Pulumi provider.

    `limit` is how many seconds one call may take in all, every attempt included.
    """

    region: str
    profile: str | None = None
    assume_roles: tuple[Mapping[str, Any], ...] = field(default=())
    limit: int = READ_LIMIT
    _kept: _Kept = field(default_factory=_Kept, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, values: Mapping[str, Any], limit: int) -> Self:
        """The access that the `aws:` configuration `values` name; `assumeRoles` may be JSON text, as the engine has it.

        Raises ExamError where there is no region.
        """
        if not values.get("region"):
            raise ExamError("aws:region is missing; set it: pulumi config set aws:region us-east-2")
        roles = values.get("assumeRoles") or []
        return cls(
            values["region"],
            values.get("profile"),
            tuple(json.loads(roles) if isinstance(roles, str) else roles),
            limit,
        )

    def session(self) -> boto3.Session:
        """A session as the provider would have it: the profile's credentials, then each role assumed in turn.

        Its clients bear the time limit and answer throttling with adaptive retries.
        Raises ExamError when there are no credentials, or a role may not be assumed.
        """
        with explained("the AWS profile", self.region):
            session = self._limited(profile_name=self.profile)
        for role in self.assume_roles:
            session = self._assume(session, role)
        return session

    def client(self, service: str, config: Config | None = None) -> Any:
        """The client of `service`, made once for all who ask, or one with a `config` of its own.

        Its session is made once too. Raises ExamError as `session` does.
        """
        with self._kept.lock:
            if self._kept.session is None or time.monotonic() > self._kept.until:
                self._kept.session, self._kept.clients = self.session(), {}
                self._kept.until = time.monotonic() + KEPT
            if config:
                return self._kept.session.client(service, config=config)
            if service not in self._kept.clients:
                self._kept.clients[service] = self._kept.session.client(service)
            return self._kept.clients[service]

    def _assume(self, session: boto3.Session, role: Mapping[str, Any]) -> boto3.Session:
        optional = {"ExternalId": role.get("externalId"), "Policy": role.get("policy")}
        with explained(f"role {role['roleArn']}", self.region):
            answer = session.client("sts").assume_role(
                RoleArn=role["roleArn"],
                RoleSessionName=role.get("sessionName") or "pythonide-exam",
                **{key: value for key, value in optional.items() if value},
            )
        credentials = answer["Credentials"]
        return self._limited(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def _limited(self, **credentials: str | None) -> boto3.Session:
        attempt = (self.limit - WAITS) / ATTEMPTS
        config = Config(
            connect_timeout=min(attempt, CONNECT_LIMIT),
            read_timeout=attempt,
            retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        )
        core = botocore.session.get_session()
        core.set_default_client_config(config)
        return boto3.Session(botocore_session=core, region_name=self.region, **credentials)


@contextmanager
def explained(thing: str, region: str, doing: str = "looking for") -> Iterator[None]:
    """Turn what boto3 raises while something is being done with `thing` into an ExamError of one line."""
    try:
        yield
    except NoCredentialsError:
        raise ExamError(
            f"no AWS credentials while {doing} {thing} in {region}; "
            "log in (aws sso login) or set aws:profile to a profile that has them"
        ) from None
    except ClientError as error:
        denied = error.response["Error"]["Code"] in DENIED
        raise (DeniedError if denied else ExamError)(_refusal(error, f"{doing} {thing} in {region}")) from None
    except (NoConnectionError, HTTPClientError) as error:
        raise ExamError(f"no answer from AWS while {doing} {thing} in {region}; check the network: {error}") from None
    except BotoCoreError as error:
        raise ExamError(f"{doing} {thing} in {region} failed: {error}") from None


def _refusal(error: ClientError, doing: str) -> str:
    code, action = error.response["Error"]["Code"], error.operation_name
    if code in DENIED:
        return f"no permission for {action} while {doing}; have it allowed to the role or user that runs pulumi"
    if code in EXPIRED:
        return f"AWS credentials are not valid (any more) while {doing}; log in again ({code})"
    return f"{action} failed while {doing}: {code}: {error.response['Error'].get('Message', '')}"


def found(read: Callable[[], Any], thing: str, region: str, missing: Mapping[str, str]) -> Any:
    """What `read` answers; an error code named in `missing` becomes an ExamError with the text it maps to."""
    with explained(thing, region):
        try:
            return read()
        except ClientError as error:
            if text := missing.get(error.response["Error"]["Code"]):
                raise ExamError(text) from None
            raise
