"""The workflows and the composite action, as GitHub reads them."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from tests.postures import ROOT

FOLDER = ROOT / ".github"
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@dataclass(frozen=True)
class Step:
    """One step: an action with its inputs, or a script of a shell. `condition` is its `if`, without the braces."""

    uses: str
    run: str
    env: dict[str, str]
    inputs: dict[str, Any]
    condition: str
    id: str

    @classmethod
    def of(cls, step: dict[str, Any]) -> "Step":
        condition = EXPRESSION.sub(r"\1", str(step.get("if", "")))
        given = (step.get("env", {}), step.get("with", {}), condition, step.get("id", ""))
        return cls(step.get("uses", ""), step.get("run", ""), *given)


def read(path: str) -> dict[str, Any]:
    """A file in .github. YAML takes `on` for true."""
    content: dict[Any, Any] = yaml.safe_load((FOLDER / path).read_text())
    return {"on" if key is True else key: value for key, value in content.items()}


WORKFLOWS = {path.name: read(f"workflows/{path.name}") for path in sorted((FOLDER / "workflows").glob("*"))}
ACTIONS = {path.parent.name: read(f"actions/{path.parent.name}/action.yml") for path in FOLDER.glob("actions/*/*")}
JOBS: dict[str, dict[str, Any]] = {
    f"{file}: {name}": job for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()
}
STEPS = {name: [Step.of(step) for step in job["steps"]] for name, job in JOBS.items()} | {
    f"action: {name}": [Step.of(step) for step in action["runs"]["steps"]] for name, action in ACTIONS.items()
}
