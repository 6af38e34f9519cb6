"""The real parts that are not Python packages: `python -m sandbox.parts` installs what is missing, or says how."""

import os
import shutil
import subprocess
from collections.abc import Callable

from sandbox import postgres


def haproxy() -> str | None:
    """HAProxy's program; None where it is not installed."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")


# What is needed for which part, by Debian's name of the package.
PARTS: dict[str, tuple[str, Callable[[], object]]] = {
    "postgresql": ("PostgreSQL, the application's database", postgres.binaries),
    "haproxy": ("HAProxy, the load balancer", haproxy),
}
# What the sandbox does without where it is not installed.
WITHOUT = {"postgresql": "no database and no application", "haproxy": "no load balancer"}


def missing() -> list[str]:
    """The packages whose part is not on this machine."""
    return [package for package, (_, found) in PARTS.items() if not found()]


def main() -> None:
    """Install with apt-get where that may be done without a question; else say what to install."""
    packages = missing()
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", *command], env=env, check=False, stdout=subprocess.DEVNULL)  # noqa: S607
    for package in missing():
        what = f"Not installed: {PARTS[package][0]}; the sandbox runs without, and its tests are skipped"
        print(f"{what}. Debian, Ubuntu: apt-get install {package}")


if __name__ == "__main__":
    main()
