"""The sandbox's Pulumi: which CLI, which AWS plugin, and the environment in which `pulumi up -s exam` is safe.

`python -m sandbox.engine` installs the CLI if there is none, and prints where it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.cli_install import EngineError, find, install, say

PROJECT = Path(__file__).resolve().parent.parent
STACKS = ("exam", "idle")
REGION = "us-east-2"
# Every program that the sandbox puts on PATH bears it, so that none is ever taken for an official one.
MARK = "# part of the pythonide-exam sandbox"
STAND_INS = {"pulumi-language-python": "sandbox.language_host", "pulumi-resource-aws": "sandbox.plugin"}
HOW_TO_INSTALL = (
    "the official ones: install the Pulumi CLI (https://www.pulumi.com/docs/install), "
    "then `pulumi plugin install resource aws`"
)

LAUNCHER = """#!/bin/sh
{mark}
PYTHONPATH='{project}' exec '{python}' -m {module} "$@"
"""

# A passphrase backend writes its salt into the stack files, and one that is there already belongs to the user's own
# backend. In the checkout the CLI therefore works on a copy without any; the sandbox's salt comes from its state. Only
# `pulumi config` is meant for the checkout's own files.
CLI_LAUNCHER = """#!/bin/sh
{mark}
if [ "$(pwd -P)" != '{project}' ] || [ "$1" = config ]; then exec '{cli}' "$@"; fi
copy='{home}/project'
mkdir -p "$copy"
for file in '{project}'/* '{project}'/.venv; do
    name=${{file##*/}}
    case "$name" in
    Pulumi.yaml) ln -sfn "$file" "$copy/$name" ;;
    Pulumi.*.yaml)
        grep -v -e '^encryptionsalt:' -e '^secretsprovider:' -e '^encryptedkey:' "$file" >"$copy/$name.$$"
        mv "$copy/$name.$$" "$copy/$name" ;;
    *) ln -sfn "$file" "$copy/$name" ;;
    esac
done
exec '{cli}' -C "$copy" "$@"
"""


def stand_ins(choice: str, official_host: bool, official_plugin: bool) -> set[str]:
    """Which stand-ins go on PATH.

    `choice` is SANDBOX_AWS_PLUGIN: `official` never uses the stand-in AWS plugin, `standin` uses both, unset (empty)
    uses the official pair if it is installed. The language host has no say in which AWS is asked, so with `official`
    its stand-in still fills in for one that is missing. Raises EngineError for any other choice, and for `official`
    without an official plugin.
    """
    if choice not in ("", "official", "standin"):
        raise EngineError(f"SANDBOX_AWS_PLUGIN is {choice!r}; it may be official, standin or unset")
    if choice == "official":
        if not official_plugin:
            raise EngineError(f"SANDBOX_AWS_PLUGIN is official, but there is none; for {HOW_TO_INSTALL}")
        return set() if official_host else {"pulumi-language-python"}
    if choice == "" and official_host and official_plugin:
        return set()
    return set(STAND_INS)


def environment(home: Path, port: int) -> dict[str, str]:
    """What a shell needs to run Pulumi against the sandbox in `home`, whose AWS listens on `port` of loopback.

    Never the user's own backend, credentials or profile.
    """
    path = _clean_path()
    cli = _cli(path)
    return {
        "PATH": os.pathsep.join([str(home / "bin"), str(cli.parent), path]),
        "PULUMI_HOME": str(home / "pulumi-home"),
        # With metadata there are two files a state, and a CLI that is killed between them leaves none that can be read.
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        # The stack files have no salt: the state has it.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_SESSION_TOKEN": "sandbox",
        # A profile that the user's shell names must not be looked for, and an empty name is looked for too.
        "AWS_PROFILE": "default",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def prepare(home: Path) -> None:
    """Make `home` ready for Pulumi: the launchers, the state folder, both stacks. Harmless when it is ready already.

    Says on stderr which AWS plugin is used. Raises EngineError when there is no CLI and none can be installed.
    """
    path = _clean_path()
    cli = find(path) or install()
    plugins = Path("~/.pulumi/plugins").expanduser()
    official_host = _on_path("pulumi-language-python", f"{cli.parent}{os.pathsep}{path}")
    official_plugin = _on_path("pulumi-resource-aws", path) or any(plugins.glob("resource-aws-v*"))
    used = stand_ins(os.environ.get("SANDBOX_AWS_PLUGIN", ""), official_host, official_plugin)
    if "pulumi-resource-aws" in used:
        say(f"AWS plugin: the sandbox's stand-in. For {HOW_TO_INSTALL}.")
    else:
        say("AWS plugin: the official one.")
    (home / "state").mkdir(parents=True, exist_ok=True)
    (home / "aws-config").write_text("[default]\n")
    _link_plugins(home / "pulumi-home", plugins)
    _write_launchers(home, cli, used)
    _make_stacks(home)


def _cli(path: str) -> Path:
    cli = find(path)
    if cli is None:
        raise EngineError("No Pulumi CLI yet: run `make setup`")
    return cli


def _clean_path() -> str:
    """PATH without the folders of any sandbox."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not _is_ours(Path(folder) / "pulumi"))


def _is_ours(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return MARK.encode() in file.read(200)
    except OSError:
        return False


def _on_path(program: str, path: str) -> bool:
    return shutil.which(program, path=path) is not None


def _link_plugins(pulumi_home: Path, plugins: Path) -> None:
    pulumi_home.mkdir(parents=True, exist_ok=True)
    link = pulumi_home / "plugins"
    if plugins.is_dir() and not link.exists():
        link.symlink_to(plugins)


def _write_launchers(home: Path, cli: Path, used: set[str]) -> None:
    folder = home / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    common = {"mark": MARK, "project": PROJECT, "home": home.resolve(), "python": sys.executable, "cli": cli}
    programs = {name: LAUNCHER.format(module=STAND_INS[name], **common) for name in used}
    programs["pulumi"] = CLI_LAUNCHER.format(**common)
    for name in STAND_INS.keys() - used:
        (folder / name).unlink(missing_ok=True)
    for name, text in programs.items():
        # A program that is running must not be written over: it is put in its place.
        new = folder / f".{name}.{os.getpid()}"
        new.write_text(text)
        new.chmod(0o755)
        new.replace(folder / name)


def _make_stacks(home: Path) -> None:
    """Create the stacks that are not there, from the checkout, by the launcher."""
    created = home / "state" / ".pulumi" / "stacks" / "pythonide-exam"
    # The port is of no consequence: creating a stack asks nothing of AWS.
    env = {**os.environ, **environment(home, 0)}
    for stack in STACKS:
        if not (created / f"{stack}.json").exists():
            command = [str(home / "bin" / "pulumi"), "stack", "init", stack, "--no-select", "--non-interactive"]
            done = subprocess.run(
                command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False, timeout=120
            )
            if done.returncode:
                raise EngineError(f"Cannot create the stack {stack}: {done.stderr.strip()}")


if __name__ == "__main__":
    try:
        print(find(_clean_path()) or install())
    except EngineError as error:
        sys.exit(str(error))
