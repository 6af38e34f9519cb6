"""What an undisturbed `up` of each stack makes, to hold the disturbed ones against."""

from typing import Any

from tests.engine.harness import Project, look


class Reference:
    """AWS and the state after exam, then idle; `actions` are all calls that they make, as service:Action."""

    def __init__(self, project: Project) -> None:
        self.world: dict[str, dict[str, Any]] = {}
        self.resources: dict[str, list[str]] = {}
        self.actions: set[str] = set()
        for stack in ("exam", "idle"):
            project.up(stack)
            self.actions |= {f"{call['service']}:{call['action']}" for call in project.calls()}
            self.world[stack], self.resources[stack] = look(project), project.resources(stack)

    def reached(self, project: Project, stack: str) -> None:
        """The posture, wholly; and no resource twice, none too many."""
        project.settle()
        assert look(project) == self.world[stack]
        assert project.resources(stack) == self.resources[stack]
