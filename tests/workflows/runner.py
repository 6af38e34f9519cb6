"""A job's scripts, run as GitHub's runner runs them."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.engine.harness import UP_LIMIT, Done
from tests.workflows.files import EXPRESSION, STEPS, Step

FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")


@dataclass
class Runner:
    """Runs scripts in `folder`, the checkout; `files` is where those are that a step writes to.

    `values` are those of GitHub's expressions, as `inputs.posture`.
    """

    folder: Path
    files: Path
    env: dict[str, str]
    values: dict[str, str | bool]
    ran: list[Step] = field(default_factory=list)

    def job(self, name: str) -> list[Done]:
        """What the scripts of a job did, up to the first that fails; those that run all the same come after it."""
        done: list[Done] = []
        for step in STEPS[name]:
            if step.run and self._holds(step, failed=any(earlier.code for earlier in done)):
                done.append(self.script(step))
        return done

    def script(self, step: Step) -> Done:
        """One script, by bash that ends at its first error."""
        self.ran.append(step)
        self.files.mkdir(exist_ok=True)
        script = self.files / "script.sh"
        script.write_text(self.filled(step.run))
        written = {name: str(self.files / name) for name in FILES}
        own = {name: self.filled(str(value)) for name, value in step.env.items()}
        # An empty one stands for what the sandbox sets by itself, as its backend.
        env = {**os.environ, **self.env, **written, **{name: value for name, value in own.items() if value}}
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
        done = subprocess.run(
            ["bash", "-e", str(script)],  # noqa: S607
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * UP_LIMIT,
            check=False,
        )
        if step.id:
            self.values[f"steps.{step.id}.outcome"] = "failure" if done.returncode else "success"
            for line in self.written("GITHUB_OUTPUT").splitlines():
                name, _, value = line.partition("=")
                self.values[f"steps.{step.id}.outputs.{name}"] = value
        return Done(done.returncode, done.stdout)

    def written(self, name: str) -> str:
        """What a step has written to one of GitHub's files, which is empty afterwards."""
        path = self.files / name
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text

    def filled(self, text: str) -> str:
        """A text with the values of its expressions; a KeyError for one that has none."""
        return EXPRESSION.sub(lambda match: str(self.values[match[1]]), text)

    def _holds(self, step: Step, *, failed: bool) -> bool:
        """Whether a step's `if` holds. One that asks for no status holds only where all went well so far."""
        terms = step.condition.split(" && ") if step.condition else []
        return all(map(self._term, terms)) and ("!cancelled()" in terms or not failed)

    def _term(self, term: str) -> bool:
        if term == "!cancelled()":
            return True
        name, _, unlike = term.partition(" != ")
        if unlike:
            return self.values.get(name, "skipped") != unlike.strip("'")
        return bool(self.values[name.lstrip("!")]) is not name.startswith("!")
