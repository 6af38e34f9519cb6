"""What must hold of every workflow: pinned actions, least permissions, no key that lasts, nothing of a user's in a script."""

import re

import pytest

from components.stack_files import STACKS
from readiness.__main__ import main
from sandbox.cli_install import VERSION
from sandbox.engine import REGION
from tests.postures import ROOT
from tests.workflows.files import ACTIONS, EXPRESSION, FOLDER, JOBS, STEPS, WORKFLOWS, Step

PAGE = (ROOT / "docs" / "pipeline.md").read_text()
TEXTS = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.y*ml")}
ALL = [step for steps in STEPS.values() for step in steps]
READ, AWS = {"contents": "read"}, {"contents": "read", "id-token": "write"}
PERMISSIONS = {
    "deploy.yml: build": AWS,
    "deploy.yml: rollout": AWS,
    "preview.yml: preview": {**AWS, "pull-requests": "write"},
    "switch.yml: switch": AWS,
    "test.yml: test": READ,
}
# Who may do what in the account follows from the environment: docs/pipeline.md.
ENVIRONMENTS = {
    "deploy.yml: build": "exam-build",
    "deploy.yml: rollout": "exam",
    "preview.yml: preview": "exam-preview",
    "switch.yml: switch": "exam",
}
CHANGES = ("deploy.yml: rollout", "switch.yml: switch")


def using(name: str) -> list[Step]:
    return [step for step in ALL if step.uses.startswith(f"{name}@")]


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    pins: dict[str, set[str]] = {}
    for text in TEXTS.values():
        for line in re.findall(r"^.*\buses: .*$", text, re.MULTILINE):
            used = line.partition("uses: ")[2]
            if used.startswith("./"):
                assert used.removeprefix("./.github/actions/") in ACTIONS
                continue
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used
            pins.setdefault(used.partition("@")[0], set()).add(used)
    assert all(len(versions) == 1 for versions in pins.values()), pins


def test_a_job_has_the_permissions_it_needs_and_no_more() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == PERMISSIONS
    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())
    assert {name: job["environment"] for name, job in JOBS.items() if "environment" in job} == ENVIRONMENTS


def test_aws_is_asked_without_a_key_that_lasts() -> None:
    for step in using("aws-actions/configure-aws-credentials"):
        assert step.inputs.keys() == {"role-to-assume", "aws-region"}
        assert step.inputs["aws-region"] == REGION
    assert len(using("aws-actions/configure-aws-credentials")) == 2
    assert not re.findall(r"(?i)access-key|access_key", "".join(TEXTS.values()))


def test_what_changes_the_service_goes_one_after_the_other() -> None:
    groups = {name: job["concurrency"] for name, job in JOBS.items() if "concurrency" in job}
    assert groups.keys() == set(CHANGES)
    assert all(group == {"group": "pythonide-exam", "cancel-in-progress": False} for group in groups.values())
    # GitHub would cancel a workflow that waits for its own caller.
    assert not any("concurrency" in workflow for workflow in WORKFLOWS.values())


def test_no_script_has_an_expression_in_it() -> None:
    assert [step.run for step in ALL if EXPRESSION.search(step.run)] == []


def test_no_checkout_leaves_its_token_behind() -> None:
    assert all(step.inputs["persist-credentials"] is False for step in using("actions/checkout"))


def test_a_workflow_that_others_call_takes_its_own_repository() -> None:
    for name in CHANGES:
        checkout = STEPS[name][0]
        assert checkout.inputs["repository"] == "${{ job.workflow_repository }}"
        assert checkout.inputs["ref"] == "${{ job.workflow_sha }}"
    assert all("workflow_call" in WORKFLOWS[name.partition(":")[0]]["on"] for name in CHANGES)


@pytest.mark.parametrize("kind", ["secrets", "vars"])
def test_the_page_names_every_secret_and_variable(kind: str) -> None:
    used = {name for text in TEXTS.values() for name in re.findall(rf"\b{kind}\.(\w+)", text)}
    table = {"secrets": "secret", "vars": "variable"}[kind]
    assert used == set(re.findall(rf"^ *\| `(\w+)` \| {table}\b", PAGE, re.MULTILINE))


def test_the_action_gets_what_it_asks_for() -> None:
    for step in ALL:
        if step.uses.startswith("./"):
            asks = ACTIONS[step.uses.rpartition("/")[2]]["inputs"]
            assert step.inputs.keys() == {name for name, asked in asks.items() if asked["required"]}


def test_the_engine_is_the_one_that_is_tested() -> None:
    versions = [step.inputs["pulumi-version"] for step in using("pulumi/actions") if "command" not in step.inputs]
    assert versions == [VERSION]


def test_the_postures_are_the_stacks() -> None:
    asked = WORKFLOWS["switch.yml"]["on"]["workflow_dispatch"]["inputs"]["posture"]
    assert (asked["type"], asked["options"]) == ("choice", list(STACKS))
    assert JOBS["preview.yml: preview"]["strategy"]["matrix"]["posture"] == list(STACKS)


def test_what_the_application_calls_is_there() -> None:
    (call,) = re.findall(r"uses: OWNER/pythonide-exam/\.github/workflows/(\S+)@main", PAGE)
    assert "workflow_call" in WORKFLOWS[call]["on"]
    (granted,) = re.findall(r"^ *permissions: \{(.*)\}$", PAGE, re.MULTILINE)
    needed = {
        f"{key}: {value}"
        for name, job in JOBS.items()
        if name.startswith(call)
        for key, value in job["permissions"].items()
    }
    assert set(granted.split(", ")) == needed


def test_every_workflow_is_on_the_page() -> None:
    assert re.findall(r"^\| \[(\S+\.yml)\]", PAGE, re.MULTILINE) == sorted(WORKFLOWS)


def test_the_checklist_is_one_thing_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["-s", "exam", "--json", "--markdown"])
    assert "not allowed with argument" in capsys.readouterr().err
