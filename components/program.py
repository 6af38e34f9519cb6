"""What Pulumi hands to a program: its configuration, and the account that its AWS provider sees."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi_aws
from pulumi.runtime.config import CONFIG, get_config_env

from components import live
from components.aws import Access
from components.errors import ExamError
from components.settings import Settings


def settings() -> Settings:
    """The running stack's settings. Raises ExamError with a line for every key at fault."""
    prefix = f"{pulumi.get_project()}:"
    values = {**get_config_env(), **CONFIG.get()}
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    return Settings.of(own, pulumi.get_stack())


def access(limit: int) -> Access:
    """Where and as whom the provider asks AWS, so that live reading does the same; `limit` in seconds a call."""
    aws = pulumi.Config("aws")
    return Access.of({key: aws.get(key) for key in ("region", "profile", "assumeRoles")}, limit)


def read_live(settings: Settings) -> live.Live:
    """What is live, read while the engine starts the provider, which is asked once the credentials are known to do.

    Raises ExamError as live.read_live does, and when the provider would change another account than the one read.
    """
    where = access(settings.read_limit)
    account = live.read_account(where)
    with ThreadPoolExecutor() as aside:
        reading = aside.submit(live.read_live, where, settings, account=account)
        _check_account(account)
    return reading.result()


def _check_account(account: str) -> None:
    provider = pulumi_aws.get_caller_identity().account_id
    if provider != account:
        raise ExamError(
            f"live reading sees AWS account {account}, the Pulumi provider {provider}; "
            "let aws:profile, aws:assumeRoles and the AWS_* environment variables name the same account"
        )


def project_folder() -> Path:
    """The folder of Pulumi.yaml: the engine runs a program there."""
    return Path.cwd()
