"""One line for every key that a configuration gets wrong: the key, its value, what is allowed."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

PATTERNS = {
    "notify": "an e-mail address",
    "url": "http:// or https:// and a host name, without a path",
    "path": "a path that begins with /",
    "healthPath": "a path that begins with /",
}
TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "dict": "an object (keys and values)",
    "model": "an object (keys and values)",
    "finite": "a number",
}
BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "too_short": "at least {min_length} entries",
    "string_too_short": "not empty",
    "string_too_long": "at most {max_length} characters",
}
# What stands under these keys may be a credential, also by mistake: it is never shown.
HIDDEN = ("environment", "secrets")


def lines(error: ValidationError, stack: str, model: type[BaseModel]) -> list[str]:
    """The lines for a validation error of `model`, met in the configuration of `stack`."""
    return [f"configuration of stack {stack}: {_line(detail, stack, model)}" for detail in error.errors()]


def _line(detail: Any, stack: str, model: type[BaseModel]) -> str:
    path = [str(part) for part in detail["loc"]]
    key = ".".join(path)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        option = "--path " if len(path) > 1 else ""
        return f"{key} is missing; set it: pulumi config set -s {stack} {option}{key} <value>"
    if kind == "extra_forbidden":
        return f"{key} is not a key; {_nearest(path, model)}"
    allowed = str(context["error"]) if kind == "value_error" else _allowed(kind, context, path)
    if isinstance(detail["input"], dict):
        return f"{key}: {allowed}" if key else allowed
    value = "the value" if path[0] in HIDDEN else repr(detail["input"])
    return f"{key}: {value} is not allowed; allowed: {allowed}"


def _allowed(kind: str, context: dict[str, Any], path: list[str]) -> str:
    if kind in BOUNDS:
        return BOUNDS[kind].format(**context)
    if kind == "string_pattern_mismatch":
        known = [PATTERNS[part] for part in path if part in PATTERNS]
        return known[0] if known else "a name without spaces"
    return TYPES[kind.partition("_")[0]]


def _nearest(path: list[str], model: type[BaseModel]) -> str:
    """The keys that could have been meant, at the depth of the one refused."""
    level: Any = model
    for part in path[:-1]:
        field = next(f for f in level.model_fields.values() if part == f.alias)
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        level = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    names = sorted(str(field.alias) for field in level.model_fields.values())
    close = difflib.get_close_matches(path[-1], names, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed: {', '.join(names)}"
