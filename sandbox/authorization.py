"""IAM users are held to their policies. moto looks at actions only; here the resource and the conditions count too."""

from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.access_control import IAMPolicy, IAMRequest

from sandbox.calls import SIGNING_NAMES
from sandbox.ecs.tasks_api import TasksApi
from sandbox.permissions import allowed, needs


class AccessDenied(ServiceException):
    """No policy of the caller's allows what the call needs."""


def _check(request: IAMRequest, called: BaseResponse | str) -> None:
    if isinstance(called, str):
        _motos_check(request, called)
        return
    documents = [IAMPolicy(policy)._policy_json for policy in request._access_key.collect_policies()]
    statements = [statement for document in documents for statement in document["Statement"]]
    where = f"{request._region}:{request.account_id}"
    service = SIGNING_NAMES.get(request._service, request._service)
    parameter = called.parameter if isinstance(called, TasksApi) else called._get_param
    for need in needs(f"{service}:{request._action.partition(':')[2]}", parameter, where):
        if not allowed(statements, need):
            raise AccessDenied(
                "AccessDeniedException" if "X-Amz-Target" in request._headers else "AccessDenied",
                f"User: {request._access_key.arn} is not authorized to perform: {need.action} on resource: "
                f"{need.resource} because no identity-based policy allows the {need.action} action",
            )


def _call(called: BaseResponse) -> TYPE_RESPONSE:
    try:
        return _motos_call(called)
    except AccessDenied as refused:
        return called.serialized(ActionResult(refused))


def _check_signature(request: IAMRequest) -> None:
    """moto leaves the query of a GET out of what it signs, and so refuses each that has one."""
    if request._method != "GET":
        _motos_check_signature(request)


_motos_check, _motos_call = IAMRequest.check_action_permitted, BaseResponse.call_action
_motos_check_signature = IAMRequest.check_signature


def enforce() -> None:
    """Puts this check in the place of moto's, which refuses in XML what clients of other protocols cannot read."""
    # moto hands on whatever this gives it, to `_check`; IAM, STS and SQS have one of their own, and moto's check.
    BaseResponse._determine_resource = lambda called: called  # type: ignore[attr-defined]
    IAMRequest.check_action_permitted = _check  # type: ignore[method-assign, assignment]
    IAMRequest.check_signature = _check_signature  # type: ignore[method-assign, assignment]
    BaseResponse.call_action = _call  # type: ignore[method-assign, assignment]
