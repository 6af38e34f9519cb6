"""A posture as its stack file says it, without the engine."""

import json
from pathlib import Path
from typing import Any

import yaml

from components.errors import ExamError
from components.settings import Settings

PROJECT_FILE = "Pulumi.yaml"


def read_settings(folder: Path, stack: str) -> Settings:
    """The settings of `stack` from Pulumi.yaml and Pulumi.<stack>.yaml in `folder`.

    Encrypted values stay unread: a mark stands in their place. Raises ExamError for a missing or wrong file.
    """
    project = _load(folder / PROJECT_FILE)
    prefix = f"{project['name']}:"
    values = {key: _project_value(value) for key, value in project.get("config", {}).items()}
    values |= _load(folder / f"Pulumi.{stack}.yaml").get("config", {})
    own = {key.removeprefix(prefix): value for key, value in values.items() if ":" not in key or key.startswith(prefix)}
    texts = {key: value if isinstance(value, str) else json.dumps(_unread(value)) for key, value in own.items()}
    return Settings.of({key: "" if text == "null" else text for key, text in texts.items()}, stack)


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
