"""The provider itself: Pulumi's ResourceProvider calls, answered from the table of resource types.

The SDK's own server for providers (pulumi.provider.experimental) does not do: it hides a resource's last inputs from
Diff, shows every error with a traceback, and cannot say that a change was made in part.
"""
# ruff: noqa: N802  # the methods bear the names of the calls they answer

from collections.abc import Callable
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugin import steady
from sandbox.plugin.aws import Aws, reason_of
from sandbox.plugin.resource import (
    PartlyDoneError,
    Properties,
    RefusedError,
    ResourceType,
    check,
    diff,
    imported_inputs,
    refreshed_inputs,
    top_level,
)
from sandbox.plugin.types import TYPES

# Provider configuration that means something here; the checks that `skip…` turns off are not made anyway.
CONFIG = frozenset({"maxRetries", "region", "profile", "assumeRoles", "accessKey", "secretKey", "token", "version"})


def plain(struct: struct_pb2.Struct) -> Properties:
    """A property map off the wire; whole numbers become int."""
    return {name: _plain(value) for name, value in json_format.MessageToDict(struct).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wire(properties: Properties) -> struct_pb2.Struct:
    """A property map for the wire."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def in_one_line(answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A gRPC method from a function of a request; what it raises becomes one line for the operator."""

    def answer_or_abort(provider: Any, request: Any, context: Any) -> Any:
        try:
            return answer(provider, request)
        except PartlyDoneError as partly:
            detail = provider_pb2.ErrorResourceInitFailed(
                id=request.id, properties=wire(partly.state), reasons=[str(partly)], inputs=request.news
            )
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(partly))
            status.details.add().Pack(detail)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            return context.abort(grpc.StatusCode.UNKNOWN, str(partly))
        except Exception as error:
            subject = request.urn.split("::")[-1] if hasattr(request, "urn") else request.tok
            return context.abort(grpc.StatusCode.UNKNOWN, reason_of(error, subject))

    return answer_or_abort


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine. It takes no secrets: the engine strips them from what it sends and marks what comes back."""

    def __init__(self) -> None:
        """Nothing is known before Configure."""
        self.aws = Aws({})

    @in_one_line
    def GetPluginInfo(self, request: Any) -> Any:
        """The version is that of the SDK whose plugin this stands in for: the engine compares the two."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi-aws"))

    @in_one_line
    def Cancel(self, request: Any) -> Any:
        """End every wait."""
        steady.cancelled.set()
        return empty_pb2.Empty()

    @in_one_line
    def CheckConfig(self, request: Any) -> Any:
        """Refuse configuration that would be without effect."""
        unknown = [key for key in plain(request.news) if key not in CONFIG and not key.startswith(("skip", "__"))]
        reason = "the sandbox's AWS plugin does not know this setting"
        failures = [provider_pb2.CheckFailure(property=key, reason=reason) for key in sorted(unknown)]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @in_one_line
    def DiffConfig(self, request: Any) -> Any:
        """Another region, profile or role replaces nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @in_one_line
    def Configure(self, request: Any) -> Any:
        """Keep region, profile and roles; AWS is not asked yet."""
        self.aws = Aws(plain(request.args))
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @in_one_line
    def Invoke(self, request: Any) -> Any:
        """`aws.get_caller_identity`."""
        if request.tok != "aws:index/getCallerIdentity:getCallerIdentity":
            raise RefusedError("the sandbox's AWS plugin does not know this function")
        identity = self.aws.client("sts", self.aws.region).get_caller_identity()
        account = identity["Account"]
        found = {"accountId": account, "arn": identity["Arn"], "userId": identity["UserId"], "id": account}
        return provider_pb2.InvokeResponse(**{"return": wire(found)})

    @in_one_line
    def Check(self, request: Any) -> Any:
        """Fill in defaults, refuse what is not known."""
        inputs, failures = check(_kind(request), plain(request.news), self.aws.region)
        reasons = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures.items()]
        return provider_pb2.CheckResponse(inputs=wire(inputs), failures=reasons)

    @in_one_line
    def Diff(self, request: Any) -> Any:
        """Name what changes, and whether it replaces."""
        kind, state, news = _kind(request), plain(request.olds), plain(request.news)
        changes = diff(kind, state, news, plain(request.old_inputs), request.ignoreChanges)
        replace_on = kind.replace_on | {"region"}
        diffs = sorted({top_level(path) for path in changes})
        replaces = [name for name in diffs if name in replace_on]
        detailed = {
            path: provider_pb2.PropertyDiff(kind=_diff_kind(change, top_level(path) in replace_on))
            for path, change in changes.items()
        }
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if diffs else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=diffs,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            replaces=replaces,
            stables=sorted(replace_on - set(replaces)),
            # Two of one name cannot be there at a time.
            deleteBeforeReplace=bool(replaces) and "name" in news and news["name"] == state.get("name"),
        )

    @in_one_line
    def Create(self, request: Any) -> Any:
        """Make it; in a preview, only what is known of it."""
        kind, inputs = _kind(request), plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire(inputs))
        resource_id, state = kind.create(self._client(kind, inputs), inputs, request.timeout)
        return provider_pb2.CreateResponse(id=resource_id, properties=wire(_whole(kind, resource_id, state, inputs)))

    @in_one_line
    def Read(self, request: Any) -> Any:
        """Its state and inputs as AWS has them now; without inputs it is an import."""
        kind, inputs, last = _kind(request), plain(request.inputs), plain(request.properties)
        found = kind.read(self._client(kind, inputs), request.id, {**inputs, **last})
        if found is None:
            return provider_pb2.ReadResponse()
        resource_id, state = found
        state = _whole(kind, resource_id, state, {**last, "region": inputs.get("region", self.aws.region)})
        now = refreshed_inputs(kind, inputs, state) if inputs else imported_inputs(kind, state)
        return provider_pb2.ReadResponse(id=resource_id, properties=wire(state), inputs=wire(now))

    @in_one_line
    def Update(self, request: Any) -> Any:
        """Change what differs; in a preview, only say what it will be."""
        kind, state, inputs = _kind(request), plain(request.olds), plain(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=wire({**state, **inputs}))
        changes = diff(kind, state, inputs, plain(request.old_inputs), request.ignoreChanges)
        changed = {top_level(path) for path in changes}
        try:
            new = kind.update(self._client(kind, inputs), request.id, state, inputs, changed, request.timeout)
        except PartlyDoneError as partly:
            raise PartlyDoneError(str(partly), _whole(kind, request.id, partly.state, inputs)) from None
        return provider_pb2.UpdateResponse(properties=wire(_whole(kind, request.id, new, inputs)))

    @in_one_line
    def Delete(self, request: Any) -> Any:
        """Remove it."""
        kind, state = _kind(request), plain(request.properties)
        kind.delete(self._client(kind, state), request.id, state)
        return empty_pb2.Empty()

    def _client(self, kind: ResourceType, properties: Properties) -> Any:
        return self.aws.client(kind.service, properties.get("region") or self.aws.region)


def _diff_kind(change: str, replaces: bool) -> Any:
    return provider_pb2.PropertyDiff.Kind.Value(f"{change}_REPLACE" if replaces else change)


def _kind(request: Any) -> ResourceType:
    token = request.urn.split("::")[2].rpartition("$")[2]
    if token not in TYPES:
        raise RefusedError(f"the sandbox's AWS plugin does not know {token}")
    return TYPES[token]


def _whole(kind: ResourceType, resource_id: str, state: Properties, given: Properties) -> Properties:
    """A state with its id and with what AWS does not keep: the region, and inputs that are for the plugin alone."""
    kept = {name: given[name] for name in (kind.local | {"region"}) & given.keys()}
    return {**kept, **state, "id": resource_id}
