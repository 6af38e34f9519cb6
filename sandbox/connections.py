"""Who is connected to what on loopback, from /proc."""

from collections import Counter
from contextlib import suppress
from pathlib import Path

ESTABLISHED = "01"


def by_port() -> Counter[int]:
    """How many connections are open at each port, by fields 2 and 4 of proc(5)'s net/tcp."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return Counter(int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == ESTABLISHED)


def applications(server: int) -> dict[int, int]:
    """The ports of the applications that the sandbox's server, a process, has started, by their process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # A process that is gone meanwhile.
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_text().split("\0")
            if parent == server and "sandbox.application" in words:
                found[int(folder.name)] = int(words[words.index("--port") + 1])
    return found
