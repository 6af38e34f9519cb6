"""What every resource type of the stand-in plugin shares: Check, Diff, and the inputs that a Read answers.

All of it is pure. A resource type says in tables what it takes, fills in, compares and replaces; its methods ask AWS.
"""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

Properties = dict[str, Any]

# How the engine writes a value that is not known yet (Pulumi SDK: rpc.UNKNOWN).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def names(text: str) -> frozenset[str]:
    """A set of names, written with spaces between them."""
    return frozenset(text.split())


class RefusedError(Exception):
    """What the stand-in does not do, or AWS did not do, in one line."""


class PartlyDoneError(RefusedError):
    """A change that AWS took and that did not succeed; carries the `state` that the resource is in now."""

    def __init__(self, reason: str, state: Properties) -> None:
        """Keep the state beside the reason."""
        super().__init__(reason)
        self.state = state


class ResourceType:
    """One resource type: the tables that Check and Diff work from, and its four verbs on AWS."""

    service: ClassVar[str]
    """boto3's name of the AWS service."""
    inputs: ClassVar[frozenset[str]]
    """The inputs that the stand-in maps; `region` and, if `tagged`, `tags` and `tagsAll` come on top."""
    required: ClassVar[frozenset[str]] = frozenset()
    defaults: ClassVar[Properties] = {}
    """What Check fills in."""
    late_defaults: ClassVar[Properties] = {}
    """What only an update writes into the state: null after an import, and then a change, ignored or not."""
    read_defaults: ClassVar[Properties] = {}
    """Values that an import leaves out of the inputs, on top of nulls, zeros and `defaults`."""
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """A change of one of these, or of `region`, replaces the resource."""
    json_inputs: ClassVar[frozenset[str]] = frozenset()
    """Texts that are compared as the JSON they hold."""
    local: ClassVar[frozenset[str]] = frozenset()
    """Inputs that AWS never sees: they tell the plugin what to do."""
    tagged: ClassVar[bool] = False

    def complete(self, inputs: Properties) -> None:
        """Fill in nested defaults, in place."""

    def meaning(self, name: str, value: Any) -> Any:
        """A property's value in the form in which two of them can be compared."""
        if name in self.json_inputs and isinstance(value, str) and value not in ("", UNKNOWN):
            return json.loads(value)
        return value

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Make it (or take over the one of that name): its id and its state. `timeout` in seconds, 0: the default."""
        raise NotImplementedError

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Its id and its state as AWS has it, given the last known state; None if it is gone."""
        raise NotImplementedError

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Change what `changed` names (top-level properties): the new state. `timeout` in seconds, 0: the default.

        Most of AWS's calls that create also change the one of that name.
        """
        return self.create(aws, inputs, timeout)[1]

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Remove it; one that is gone already is no error."""
        raise NotImplementedError


def known_inputs(kind: ResourceType) -> frozenset[str]:
    """All inputs of a resource type that the stand-in takes."""
    return kind.inputs | kind.local | {"region"} | ({"tags", "tagsAll"} if kind.tagged else set())


def check(kind: ResourceType, news: Properties, region: str) -> tuple[Properties, dict[str, str]]:
    """A program's inputs with the defaults filled in, and why it fails, by property."""
    inputs: Properties = {**kind.defaults, "region": region, **without_nulls(news)}
    if kind.tagged:
        inputs["tagsAll"] = dict(inputs.get("tags") or {})
    kind.complete(inputs)
    failures = dict.fromkeys(inputs.keys() - known_inputs(kind), "the sandbox's AWS plugin does not know this property")
    failures |= dict.fromkeys(kind.required - inputs.keys(), "missing required property")
    return inputs, failures


def diff(
    kind: ResourceType, state: Properties, news: Properties, old_inputs: Properties, ignored: Iterable[str]
) -> dict[str, str]:
    """What changes between a resource's state and its new inputs: a kind (ADD, UPDATE, DELETE) by property path."""
    changes: dict[str, str] = {}
    ignored = set(ignored)
    for name in sorted((news.keys() | old_inputs.keys() | kind.late_defaults.keys()) & known_inputs(kind)):
        if name in kind.late_defaults and state.get(name) is None:
            changes[name] = "ADD"
        elif name not in ignored and name in news.keys() | old_inputs.keys():
            old, new, old_input = (kind.meaning(name, values.get(name)) for values in (state, news, old_inputs))
            changes |= _changes(name, old, new, old_input)
    return changes


def top_level(path: str) -> str:
    """The property that a path such as `volumes[0].name` begins with."""
    return path.partition(".")[0].partition("[")[0]


def same(old: Any, new: Any) -> bool:
    """Whether a read value is what was asked for: zero, empty and null are one; more than asked for is no matter."""
    if _empty(old) and _empty(new):
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return all(same(old.get(key), value) for key, value in new.items())
    if isinstance(old, list) and isinstance(new, list):
        if any(isinstance(item, dict) for item in new):
            return len(old) == len(new) and all(map(same, old, new))
        return sorted(map(str, old)) == sorted(map(str, new))
    return bool(old == new)


def _empty(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_empty, value.values() if isinstance(value, dict) else value))
    return not value


def _changes(path: str, old: Any, new: Any, old_input: Any) -> dict[str, str]:
    if isinstance(old, dict) and isinstance(new, dict):
        before = old_input if isinstance(old_input, dict) else {}
        found: dict[str, str] = {}
        for key in sorted(new.keys() | before.keys()):
            found |= _changes(f"{path}.{key}", old.get(key), new.get(key), before.get(key))
        return found
    if same(old, new):
        return {}
    if old is None:
        return {path: "ADD"}
    return {path: "DELETE" if new is None else "UPDATE"}


def refreshed_inputs(kind: ResourceType, inputs: Properties, state: Properties) -> Properties:
    """A resource's last inputs with what AWS has now, in the form in which the program wrote them."""
    return {name: _refreshed(kind, name, value, state.get(name)) for name, value in inputs.items()}


def _refreshed(kind: ResourceType, name: str, value: Any, now: Any) -> Any:
    if same(kind.meaning(name, now), kind.meaning(name, value)):
        return value
    if isinstance(value, dict) and isinstance(now, dict) and not name.startswith("tags"):
        return {key: now.get(key) for key in value}
    return now


def imported_inputs(kind: ResourceType, state: Properties) -> Properties:
    """The inputs that an import answers: the state without what a program need not say."""
    usual: Properties = {**kind.defaults, **kind.read_defaults}
    inputs: Properties = {}
    for name in known_inputs(kind) & state.keys():
        value = _without_usual(state[name], usual.get(name))
        says_something = value is not None if name in kind.defaults else bool(value)
        if says_something or (name in kind.late_defaults and state[name] is None):
            inputs[name] = value
    return inputs


def _without_usual(value: Any, usual: Any) -> Any:
    if isinstance(value, dict) and isinstance(usual, dict):
        return {key: item for key, item in value.items() if item != usual.get(key)}
    if isinstance(value, list):
        return [{k: v for k, v in item.items() if v != ""} if isinstance(item, dict) else item for item in value]
    return None if value == usual else value


def without_nulls(value: Any) -> Any:
    """A value with every null entry of a map left out, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def canonical(text: str) -> str:
    """JSON text in the form in which the AWS provider keeps it."""
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) if text else ""


def capitalised(value: Any) -> Any:
    """Pulumi's names for AWS's, at any depth: `targetValue` becomes `TargetValue`. Drops nulls and empty texts."""
    if isinstance(value, dict):
        return {k[0].upper() + k[1:]: capitalised(v) for k, v in value.items() if v is not None and v != ""}
    return [capitalised(item) for item in value] if isinstance(value, list) else value


def uncapitalised(value: Any) -> Any:
    """AWS's names for Pulumi's, at any depth: `TargetValue` becomes `targetValue`."""
    if isinstance(value, dict):
        return {k[0].lower() + k[1:]: uncapitalised(v) for k, v in value.items()}
    return [uncapitalised(item) for item in value] if isinstance(value, list) else value
