"""The `secrets` of a container: what ECS puts into a task's environment from Secrets Manager and Parameter Store."""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

REFUSED = "ResourceInitializationError: unable to pull secrets or registry auth"
WITH_KEY = 8  # the parts of a secret's ARN that names a JSON key after the secret


def values(container: dict[str, Any], account: str, region: str) -> dict[str, str]:
    """The variables that the secrets of a container are.

    Raises:
        LookupError: there is no such secret, parameter or key.
    """
    return {s["name"]: _value(s["valueFrom"], account, region) for s in container.get("secrets", [])}


def _value(source: str, account: str, region: str) -> str:
    if ":secretsmanager:" not in source:
        parameter = ssm_backends[account][region].get_parameter(source)
        if parameter is None:
            raise LookupError(source)
        return str(parameter.decrypt(parameter.value))
    pieces = source.split(":")
    try:
        secret = secretsmanager_backends[account][region].get_secret_value(":".join(pieces[:7]), "", "")
    except JsonRESTError:
        raise LookupError(source) from None
    text = str(secret["SecretString"])
    return str(json.loads(text)[pieces[7]]) if len(pieces) >= WITH_KEY and pieces[7] else text
