"""Every script of every workflow and of the action does here what it does on GitHub."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.process import exam_variables, find
from tests.engine.harness import Done, Project
from tests.postures import ROOT
from tests.workflows.files import STEPS, Step
from tests.workflows.runner import Runner

COMMIT, NEXT = "5f0c1e2d3b4a59687786a5b4c3d2e1f00f1e2d3c", "6a1d2f3e4c5b6a798897b6c5d4e3f20110203040"
REPOSITORY = "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam"
NOWHERE: dict[str, str | bool] = {
    "vars.PULUMI_BACKEND_URL": "",
    "vars.EXAM_TEST_USER": "",
    "secrets.PULUMI_ACCESS_TOKEN": "",
    "secrets.EXAM_TEST_PASSWORD": "",
}
# What a script asks of the world, beside what it does.
ADVISORIES = "https://pypi.org/pypi/pip/26.0/json"
RUN_BY = {
    "switch.yml: switch": "test_the_switch",
    "deploy.yml: rollout": "test_a_deployment",
    "test.yml: test": "test_the_tests",
    "action: setup": "test_the_setup",
}


def scripts(name: str) -> list[Step]:
    return [step for step in STEPS[name] if step.run]


def test_every_script_is_run_by_a_test() -> None:
    assert {name for name in STEPS if scripts(name)} == RUN_BY.keys()
    assert all(name in globals() for name in RUN_BY.values())


def runner(project: Project, path: Path, values: dict[str, str | bool]) -> Runner:
    """A machine of GitHub's with the project checked out; the exam URL leads to the sandbox."""
    server = find(project.home)
    assert server
    return Runner(project.folder, path / "files", project.env | exam_variables(project.home, server), NOWHERE | values)


def switch(project: Project, path: Path, posture: str, *, preview_only: bool) -> Runner:
    return runner(project, path, {"inputs.posture": posture, "inputs.preview-only": preview_only})


def headline(summary: str, code: int) -> str:
    """The verdict of a checklist in a job's summary, which the job ends with."""
    first, *rows = summary.splitlines()
    assert {0: "## READY", 1: "## NOT READY", 2: "## CANNOT TELL"}[code] in first
    assert "| --- | --- | --- | --- | --- | --- |" in rows
    return first


def test_the_switch(project: Project, tmp_path: Path) -> None:
    looked = switch(project, tmp_path, "exam", preview_only=True)
    (preview,) = looked.job("switch.yml: switch")
    assert preview.code == 0, preview.output
    assert "task size: 1 vCPU / 2 GB -> 2 vCPU / 4 GB" in preview.output
    assert project.writes() == []
    assert looked.written("GITHUB_STEP_SUMMARY") == ""

    done = switch(project, tmp_path, "exam", preview_only=False)
    up, readiness = done.job("switch.yml: switch")
    assert up.code == 0, up.output
    assert project.status()["service"]["cpu"] == 2048
    # Without the application's parts in the sandbox nothing answers at the exam URL, so the job has to fail.
    summary = done.written("GITHUB_STEP_SUMMARY")
    assert headline(summary, readiness.code).startswith("## NOT READY")
    assert "| ok | posture | live | exam |" in summary
    assert [*looked.ran, *done.ran] == scripts("switch.yml: switch")

    # What the comment on a pull request says is what the preview says: it is up to the action.
    (step,) = [step for step in STEPS["preview.yml: preview"] if "command" in step.inputs]
    done.values["matrix.posture"] = "idle"
    commented = project.pulumi(step.inputs["command"], "-s", done.filled(step.inputs["stack-name"]))
    assert commented.code == 0, commented.output
    assert "task size: 2 vCPU / 4 GB -> 1 vCPU / 2 GB" in commented.output


def push(project: Project, tag: str) -> str:
    """What a build leaves behind: an image under the tag. Gives its digest."""
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "tag": tag}
    ecr = project.client("ecr")
    pushed = ecr.put_image(repositoryName="pythonide-exam", imageManifest=json.dumps(manifest), imageTag=tag)
    return str(pushed["image"]["imageId"]["imageDigest"])


def rollout(project: Project, path: Path, tag: str) -> tuple[Runner, list[Done]]:
    """The job of a deployment, in a fresh checkout as GitHub's runner has it."""
    for name in ("Pulumi.exam.yaml", "Pulumi.idle.yaml"):
        shutil.copy(ROOT / name, project.folder / name)
    project.forget_calls()
    job = runner(project, path, {"github.sha": tag})
    return job, job.job("deploy.yml: rollout")


def image_of(project: Project) -> str:
    return str(project.definition()["containerDefinitions"][0]["image"])


def seat_students(project: Project) -> None:
    """The log group tells of them; the database of this world is nowhere."""
    events = {
        "MetricName": "IncomingLogEvents",
        "Dimensions": [{"Name": "LogGroupName", "Value": "/aws/ecs/pythonide-exam"}],
        "Value": 500.0,
    }
    project.client("cloudwatch").put_metric_data(Namespace="AWS/Logs", MetricData=[events])


def test_a_deployment(project: Project, tmp_path: Path) -> None:
    _, (refused,) = rollout(project, tmp_path, COMMIT)
    assert refused.code == 1
    assert refused.output.startswith("neither posture is live; an `up` of the nearer one, idle, would change ")
    assert refused.output.endswith("; run pulumi up -s idle first\n")

    project.up("exam")
    _, (missing,) = rollout(project, tmp_path, COMMIT)
    assert (missing.code, len(missing.output.splitlines())) == (1, 1)
    assert f"no image {REPOSITORY}:{COMMIT} in ECR" in missing.output
    called = {f"{call['service']}:{call['action']}" for call in project.calls()} - {"sts:GetCallerIdentity"}
    policy = json.loads((ROOT / "docs" / "iam" / "readiness.json").read_text())
    assert called <= {action for statement in policy["Statement"] for action in statement["Action"]}
    assert "ecr:DescribeImages" in called

    digest = push(project, COMMIT)
    job, (said, up, readiness) = rollout(project, tmp_path, COMMIT)
    assert (said.code, said.output) == (0, "")
    assert up.code == 0, up.output
    assert image_of(project) == f"{REPOSITORY}@{digest}"
    service = project.status()["service"]
    assert (service["cpu"], service["running"]) == (2048, 2)
    summary = job.written("GITHUB_STEP_SUMMARY")
    headline(summary, readiness.code)
    for row in ("posture | live | exam", f"ECR | digest | {digest.removeprefix('sha256:')[:12]} runs and is tagged"):
        assert f"| ok | {row} |" in summary
    assert job.ran == scripts("deploy.yml: rollout")

    # It stays in the stack file, which goes with GitHub's machine; a person takes it out again. Then the next switch
    # lets the image be.
    assert digest in (project.folder / "Pulumi.exam.yaml").read_text()
    project.configure("exam", "image", "")
    project.up("exam")
    assert project.writes() == []

    push(project, NEXT)
    seat_students(project)
    job, (said, up, readiness) = rollout(project, tmp_path, NEXT)
    assert up.code != 0
    assert "students are there: 500 log events" in up.output
    assert "EXAM_FORCE" in up.output
    assert project.writes() == []
    assert image_of(project) == f"{REPOSITORY}@{digest}"
    headline(job.written("GITHUB_STEP_SUMMARY"), readiness.code)


def test_the_setup(tmp_path: Path) -> None:
    """Its packages are installed by `make setup` before any test, so here make only says what it would run."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    job = Runner(tmp_path, tmp_path / "files", {"MAKEFLAGS": "n", "CI": "true"}, {})
    install, path = job.job("action: setup")
    assert (install.code, path.code) == (0, 0), install.output
    assert "pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock" in install.output
    assert job.written("GITHUB_PATH") == f"{tmp_path}/.venv/bin\n"
    assert job.ran == scripts("action: setup")


def asked(url: str) -> str:
    """Why a source does not answer, empty where it does."""
    try:
        answer = httpx.get(url, timeout=10)
    except httpx.HTTPError as error:
        return f"{url} does not answer here: {error}"
    return "" if answer.is_success else f"{url} does not answer here: HTTP {answer.status_code}"


def linter() -> str:
    """Why actionlint cannot be built here, empty where it can."""
    command = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("ACTIONLINT"))
    try:
        version = ["go", "run", command.split()[-1], "-version"]
        done = subprocess.run(version, capture_output=True, text=True, check=False, timeout=300)
    except FileNotFoundError:
        return "actionlint is built with Go, which is not installed"
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


# Why a script cannot be run here, by its make target; `test` would begin this very test, so make only says what it is.
IN_THE_WAY: dict[str, Any] = {"test": str, "actionlint": linter, "audit": lambda: asked(ADVISORIES)}


@pytest.mark.parametrize("step", scripts("test.yml: test"), ids=lambda step: step.run)
def test_the_tests(step: Step, tmp_path: Path) -> None:
    target = step.run.removeprefix("make ")
    if reason := IN_THE_WAY[target]():
        pytest.skip(reason)
    job = Runner(ROOT, tmp_path / "files", {"MAKEFLAGS": "n"} if target == "test" else {}, {})
    done = job.script(step)
    assert done.code == 0, done.output
    if target == "test":
        assert all(f"pytest tests/{room}" in done.output for room in ("unit", "engine", "workflows"))
