"""A posture as its stack file says it, without the engine."""

import json
from pathlib import Path
from typing import Any

import yaml

from components.aws import Access
from components.errors import ExamError
from components.settings import Settings

PROJECT_FILE = "Pulumi.yaml"
STACKS = ("exam", "idle")


def read_settings(folder: Path, stack: str) -> Settings:
    """The settings of `stack` from Pulumi.yaml and Pulumi.<stack>.yaml in `folder`.

    Encrypted values stay unread: a mark stands in their place. Raises ExamError for a missing or wrong file.
    """
    name, values = _values(folder, stack)
    prefix = f"{name}:"
    own = {key.removeprefix(prefix): value for key, value in values.items() if ":" not in key or key.startswith(prefix)}
    texts = {
        key: value if isinstance(value, str) else json.dumps(_unread(value), default=str) for key, value in own.items()
    }
    return Settings.of({key: "" if text == "null" else text for key, text in texts.items()}, stack)


def read_access(folder: Path, stack: str, limit: int) -> Access:
    """Where and as whom the provider of `stack` asks AWS, as program.access has it; `limit` in seconds a call.

    Raises ExamError for a missing file or region, and for what only the engine can decrypt.
    """
    _, values = _values(folder, stack)
    aws = {key.removeprefix("aws:"): _unread(value) for key, value in values.items() if key.startswith("aws:")}
    if "(encrypted)" in str(aws):
        raise ExamError(f"an aws: value of Pulumi.{stack}.yaml is encrypted, only the engine can read it; set it plain")
    return Access.of(aws, limit)


def _values(folder: Path, stack: str) -> tuple[str, dict[str, Any]]:
    """The project's name, and every configuration value of a stack: its own before the project's."""
    project = _load(folder / PROJECT_FILE)
    values = {key: _project_value(value) for key, value in project.get("config", {}).items()}
    return project["name"], values | _load(folder / f"Pulumi.{stack}.yaml").get("config", {})


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ExamError(f"cannot read {path.name}: {error.strerror}; run this in the project's folder") from None
    except yaml.YAMLError as error:
        raise ExamError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    return content if isinstance(content, dict) else {}


def _project_value(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _unread(value: Any) -> Any:
    if isinstance(value, dict):
        return "(encrypted)" if set(value) == {"secure"} else {key: _unread(item) for key, item in value.items()}
    return [_unread(item) for item in value] if isinstance(value, list) else value
