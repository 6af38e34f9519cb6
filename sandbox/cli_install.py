"""The Pulumi CLI: found on PATH or in the user's cache, else installed there."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "3.274.1"
# Before 3.252 an adopted service may be deleted by a later update (pulumi/pulumi#23834).
MINIMUM = (3, 252, 0)
DOWNLOAD_SECONDS = 300
PROGRESS_SECONDS = 15

SDK_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


class EngineError(Exception):
    """Why there is no engine to work with, in one line that says what to do."""


def cache() -> Path:
    """The folder of this version's CLI in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "pythonide-exam" / "pulumi" / f"v{VERSION}"


def find(path: str) -> Path | None:
    """The CLI on `path` (as PATH) if it is new enough, else the one in the cache, else None."""
    found = shutil.which("pulumi", path=path)
    if found and version_of(Path(found)) >= MINIMUM:
        return Path(found)
    cached = cache() / "bin" / "pulumi"
    return cached if cached.exists() else None


def version_of(cli: Path) -> tuple[int, ...]:
    """A CLI's version; (0,) if it does not tell one."""
    answer = subprocess.run([cli, "version"], capture_output=True, text=True, check=False, timeout=60)
    numbers = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout.strip())
    return tuple(map(int, numbers.groups())) if numbers else (0,)


def install() -> Path:
    """Install the CLI into the cache: downloaded by the SDK's own installer, else built from its source with Go.

    Tells its progress on stderr. Raises EngineError when neither works.
    """
    target = cache()
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent), tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if not (target / "bin" / "pulumi").exists():
            new = Path(folder) / "new"
            if not _download(new):
                _build(new, Path(folder))
            shutil.rmtree(target, ignore_errors=True)
            new.rename(target)
    return target / "bin" / "pulumi"


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time install."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(root: Path) -> bool:
    say(f"Installing the Pulumi CLI {VERSION} (once per user): downloading …")
    command = [sys.executable, "-c", SDK_INSTALL, str(root), VERSION]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode or not (root / "bin" / "pulumi").exists():
        shutil.rmtree(root, ignore_errors=True)
        return False
    return True


def _build(root: Path, work: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise EngineError(
            "No Pulumi CLI: get.pulumi.com cannot be reached and Go is not installed to build it. "
            "Install the CLI (3.252 or newer, https://www.pulumi.com/docs/install) or Go, and try again."
        )
    say("The download did not work. Building it with Go from its source: 4-7 minutes on 2 cores, once per user …")
    module = work / "module"
    module.mkdir()
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    # Without its version linked in, the CLI takes itself for a development build and version checks misbehave.
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"
    for step in (
        [go, "mod", "init", "throwaway"],
        [go, "get", f"{package}@v{VERSION}"],
        [go, "build", "-ldflags", flags, "-o", str(root / "bin" / "pulumi"), package],
    ):
        _watched(step, module)


def _watched(command: list[str], folder: Path) -> None:
    """Run a command with a line of progress now and then."""
    started = time.monotonic()
    log = folder / "log"
    with log.open("w") as output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            while True:
                try:
                    code = process.wait(PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    minutes, seconds = divmod(int(time.monotonic() - started), 60)
                    say(f"  still at it: go {command[1]} ({minutes}:{seconds:02})")
        except BaseException:
            process.terminate()
            raise
    if code:
        last = (log.read_text().strip().splitlines() or ["no output"])[-1]
        raise EngineError(f"Building the Pulumi CLI failed: go {command[1]}: {last}")
