"""What must hold of the tree as it is committed: no credential in it, and a lock that says what is installed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.postures import ROOT

SHAPES = {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    "AWS access key id": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "AWS secret access key": r"(?i)secret_?access_?key\W{1,5}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    # A placeholder in braces is none.
    "URL with a password": r"\b[a-z][a-z0-9+]*://[^\s/:@\"'`]+:[^\s/@\"'`{][^\s/@\"'`]*@",
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    "GitHub token": r"\b(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_\w{22,})",
    # https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/
    "Pulumi token": r"\bpul-[0-9a-f]{40}\b",
    "Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
    "JSON Web Token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+",
    # An encrypted value. What it is encrypted with, `encryptionsalt:` or `encryptedkey:`, tells nobody anything without
    # the passphrase or the KMS key: https://www.pulumi.com/docs/iac/concepts/secrets/
    "Pulumi stack secret": r"(?m)^\s*secure: .*",
    "password in clear": r"(?i)\b(?:password|passwd|pwd|api_?key|auth_?token)\b[\"']?\s*[:=]\s*[\"'][^\"'\s{}]{8,}[\"']",
}
# Planted, or put in for the real one in a recording, and of no use anywhere.
PLANTED = {
    "PASSWORD-GOOD",
    "PASSWORD-BAD",
    "postgresql://exam:hidden@",
    "postgresql://exam:wrong-7c1e@",
    "postgresql://u:REDACTED@",
    "postgresql://u:p@",
    "amqp://user:word@",
    "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN RSA PRIVATE KEY",
}


def findings(folder: Path, files: Iterable[str]) -> list[str]:
    """What looks like a credential, `file:line: shape: text` each; what is planted and files in no text are left out."""
    found = []
    for name in files:
        try:
            text = (folder / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for shape, pattern in SHAPES.items():
            for match in re.finditer(pattern, text):
                if not any(planted in match[0] for planted in PLANTED):
                    found.append(f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {shape}: {match[0]}")
    return found


def tree() -> list[str]:
    """Every file that is committed, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.strip("\0").split("\0")


def test_no_credential_is_in_the_tree() -> None:
    files = tree()
    assert "Pulumi.exam.yaml" in files
    assert findings(ROOT, files) == []


# Put together here, so that this file holds none.
@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("AWS access key id", "AKIA" + "IOSFODNN7" + "ANOTHER"),
        ("AWS secret access key", "AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
        ("private key", "-----BEGIN" + " PRIVATE KEY-----"),
        ("URL with a password", "postgresql:" + "//ide:hunter2@db:5432/ide"),
        ("GitHub token", "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"),
        ("Pulumi token", "pul-" + "0123456789abcdef" * 2 + "01234567"),
        ("Slack token", "xoxb-" + "1234567890-abcdef"),
        ("JSON Web Token", "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.c2ln"),
        ("Pulumi stack secret", "    secure: " + "v1:Zm9v:YmFy"),
        ("password in clear", "password" + ': "hunter2hunter2"'),
    ],
)
def test_a_planted_credential_is_found(tmp_path: Path, shape: str, text: str) -> None:
    (tmp_path / "settings.yaml").write_text(f"first: line\n{text}\nlast: line\n")
    (line,) = findings(tmp_path, ["settings.yaml"])
    assert line.startswith(f"settings.yaml:2: {shape}: ")


def requirements(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    return [Requirement(line.partition(" --hash")[0]) for line in lines if re.match(r"\w", line)]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_pins_what_is_required(name: str) -> None:
    locked = requirements("requirements.lock")
    for required in requirements(name):
        pins = [pin for pin in locked if pin.name == required.name.lower()]
        assert pins, f"{required} is not in requirements.lock; run make lock"
        for pin in pins:
            (version,) = pin.specifier
            assert required.specifier.contains(version.version), f"{pin} is not {required}; run make lock"


def test_every_pin_has_hashes_and_comes_from_nowhere_else() -> None:
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


def test_git_can_ask_the_linters_before_a_commit(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)  # noqa: S607
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=tmp_path, check=True, capture_output=True)
    assert os.access(tmp_path / ".git" / "hooks" / "pre-commit", os.X_OK)
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    asked = subprocess.run([*hook["entry"].split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"ruff format --check .", "ruff check .", "mypy ."} <= {
        line.removeprefix(".venv/bin/") for line in asked.stdout.splitlines()
    }


def test_the_newcomer_is_told_of_every_room_and_of_none_that_is_not() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = {name.partition("/")[0] for name in tree() if name.endswith(".py") and "/" in name}
    assert rooms <= set(re.findall(r"^\| `(\w+)/` \|", told, re.MULTILINE))
    named = re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", told)
    assert "tests/engine/test_least_privilege.py" in named
    inside = ("", "sandbox/", "readiness/", "tests/", "components/")
    assert [name for name in named if not any((ROOT / room / name).exists() for room in inside)] == []


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    links = set(re.findall(r"\]\(([^)]+\.md)\)", index))
    there = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert there <= links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
