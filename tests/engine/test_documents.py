"""Every command in a document is run by a test: here, in the runbook's own test, or in one that is named here."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.stack_files import read_settings
from sandbox import cli_install
from tests.postures import ROOT

FENCED = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# A command begins with one of these words, after variables of its own.
WORDS = ("aws", "eval", "export", "gh", "make", r"\S*pre-commit", "pulumi", "python", "source")
COMMAND = re.compile(rf"(?:[A-Z_]+=\S+ )*(?:{'|'.join(WORDS)}) .+")
# What only a real account, a git host or a person's own shell has.
ACCOUNT = re.compile(r"aws |gh |pulumi login|export |source ")
# The sections of README.md whose commands are run here, in their order.
BEGUN, SWITCHED, CONFIGURED, BY_HAND = "Once", "Each exam", "Configuration", "The sandbox by hand"
# What a test of its own runs, and a word of that test's file.
ELSEWHERE = {
    "python -m loadtest -s exam": ("tests/loadtest/sandbox/classes.py", '"loadtest"'),
    "python -m loadtest --compare": ("tests/loadtest/test_compare.py", "compare"),
    "python -m loadtest -s exam --master-host <this machine>": (
        "tests/loadtest/sandbox/test_class.py",
        '"--master-host"',
    ),
    "pulumi config set -s exam --path autoscaling.resolution 60": ("tests/engine/test_resolution.py", '"60"'),
    ".venv/bin/pre-commit install": ("tests/unit/test_tree.py", '"pre_commit", "install"'),
    "python -m deployment TAG": ("tests/workflows/test_scripts.py", "deploy.yml: rollout"),
    "pulumi destroy": ("tests/engine/test_others.py", '"destroy"'),
}
SECRET = "arn:aws:secretsmanager:us-east-2:123456789012:secret:pythonide-exam/database-AbCdEf"
FILLED = {"<ARN of the secret>": SECRET}


def bare(line: str) -> str:
    """A command without its comment, its indentation, its variables, and the answer that a person gives."""
    return re.sub(r"\s+#.*|^ *([A-Z_]+=\S+ )+", "", line).strip().removesuffix(" --yes")


def fenced(text: str) -> list[str]:
    """The commands of a text's blocks, in their order."""
    return [bare(line) for block in FENCED.findall(text) for line in block.splitlines() if bare(line)]


def inline(text: str) -> list[str]:
    """The commands within its sentences and tables."""
    spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    return [bare(span) for span in spans if COMMAND.fullmatch(span)]


def section(text: str, title: str) -> str:
    """What stands under a heading, until the next of its level or above."""
    _, level, rest = re.split(rf"^(#+) {re.escape(title)}$", text, maxsplit=1, flags=re.MULTILINE)
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


README = (ROOT / "README.md").read_text()
RUN = {
    *fenced((ROOT / "docs" / "runbook.md").read_text()),
    *(command for title in (BEGUN, SWITCHED, CONFIGURED, BY_HAND) for command in fenced(section(README, title))),
    *ELSEWHERE,
}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def not_run(text: str) -> list[str]:
    """The commands of a text that no test runs; one in a sentence may be the beginning of one that a test does."""
    missing = []
    for command in fenced(text):
        if command not in RUN and not ACCOUNT.match(command) and not command.startswith("make "):
            missing.append(command)
    for command in inline(text):
        begun = any(f"{known} ".startswith(f"{command} ") for known in RUN)
        if not begun and not ACCOUNT.match(command) and not command.startswith("make "):
            missing.append(command)
    return missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_is_left_out(path: Path) -> None:
    assert not_run(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Type `pulumi stack rm exam`.",
        "```console\npulumi up -s exam --force\n```\n",
        "1. So:\n\n   ```console\n   rm x\n   ```\n",
    ],
)
def test_a_command_that_is_not_run_is_found(text: str) -> None:
    assert len(not_run(text)) == 1


def test_the_tests_that_run_the_others_are_there() -> None:
    for path, word in ELSEWHERE.values():
        assert word in (ROOT / path).read_text(), path


def test_every_target_that_is_named_is_one() -> None:
    named = {command for path in DOCUMENTS for text in [path.read_text()] for command in [*fenced(text), *inline(text)]}
    targets = [command for command in named if command.startswith("make ")]
    assert {"make demo", "make test"} <= set(targets)
    for command in targets:
        done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"


def types(script: list[str], folder: Path, env: dict[str, str]) -> str:
    """What a shell says to commands that a person types one after the other; each must do well."""
    filled = "\n".join(["set -ex", *script])
    for placeholder, value in FILLED.items():
        filled = filled.replace(placeholder, value)
    done = subprocess.run(
        ["bash", "-c", filled],  # noqa: S607
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a sandbox that is not started yet; it is gone afterwards."""
    own = {"SANDBOX_HOME": str(tmp_path / "sandbox"), "SANDBOX_PORT": "0", "SANDBOX_OWNER": str(os.getpid())}
    own |= {"SANDBOX_APPLICATION": "off", "SANDBOX_SPEED": "900", "PULUMI_OPTION_SKIP_PREVIEW": "true"}
    yield own
    types(["python -m sandbox stop"], ROOT, own)


def test_the_sandbox_by_hand(sandbox: dict[str, str]) -> None:
    *begin, env = (by_hand := fenced(section(README, BY_HAND)))[:3]
    assert env.startswith("eval ")
    script = [*begin, env, *fenced(section(README, SWITCHED)), *by_hand[3:]]
    said = types([f"{c} --yes" if c.startswith("pulumi up") else c for c in script], ROOT, sandbox)
    assert re.search(r"^ *desiredCount +2$", said, re.MULTILINE)
    assert re.search(r"^tasks +2 running of 2 desired$", said, re.MULTILINE)
    assert re.search(r"^ecs +UpdateService +write$", said, re.MULTILINE)
    assert said.rstrip().endswith("The sandbox is stopped.")


def test_the_stacks_are_made_and_configured(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.exam.yaml", "Pulumi.idle.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    env = {
        "PATH": f"{cli_install.install().parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_CONFIG_PASSPHRASE": "words",
    }
    env |= {"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_HOME": str(tmp_path / "home")}
    begun = [c for c in fenced(section(README, BEGUN)) if not ACCOUNT.match(c)]
    assert len(begun) == 2
    types([*begun, *fenced(section(README, CONFIGURED))], tmp_path, env)
    exam = read_settings(tmp_path, "exam")
    assert (exam.task_count, exam.autoscaling.max, exam.notify) == (3, 8, ["ops@example.com"])
    assert exam.environment["DB_POOL_MAX"] == "18"
    assert exam.secrets == {"DATABASE_URL": SECRET}
