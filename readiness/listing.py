"""The students' folders: the program that lists them inside the container, and what its lines say."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

# It ends itself after 100 s. One JSON line a folder, whatever its name, then one that says how many there were.
# Folders of compiled code are nobody's work.
PROGRAM = """
import json, os, signal, stat
signal.alarm(100)
root = os.path.join(os.environ["IDE_DATA_PATH"], "ide", "Local")
def look(folder):
    found, unread = [], []
    for where, below, names in os.walk(folder, onerror=unread.append):
        below[:] = [name for name in below if name != "__pycache__"]
        for name in names:
            try:
                found.append(os.lstat(os.path.join(where, name)))
            except OSError as error:
                unread.append(error)
    return [one for one in found if stat.S_ISREG(one.st_mode)], len(unread)
entries = os.scandir(root) if os.path.isdir(root) else []
folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
for name in sorted(folders):
    files, unread = look(os.path.join(root, name))
    sizes = [one.st_size for one in files]
    newest = max((one.st_mtime for one in files), default=None)
    print(json.dumps({"folder": name, "files": len(files), "bytes": sum(sizes), "newest": newest,
                      "empty": sizes.count(0), "unread": unread}), flush=True)
print(json.dumps({"folders": len(folders), "root": root}), flush=True)
"""


@dataclass(frozen=True)
class Folder:
    """One student's folder: its files, their bytes, the newest change, how many are empty or could not be looked at."""

    name: str
    files: int
    bytes: int
    newest: datetime | None
    empty: int
    unread: int


@dataclass(frozen=True)
class Listing:
    """The folders below `root`, a path inside the container."""

    root: str
    folders: tuple[Folder, ...]


def parse(lines: Iterable[str]) -> Listing | None:
    """What the program wrote; None while it is not complete. Lines that are not its own are passed over."""
    folders: list[Folder] = []
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "folder" in said:
            newest = None if said["newest"] is None else datetime.fromtimestamp(said["newest"], UTC)
            counts = (said["files"], said["bytes"], newest, said["empty"], said["unread"])
            folders.append(Folder(printable(said["folder"]), *counts))
        elif isinstance(said, dict) and said.get("folders") == len(folders) and "root" in said:
            return Listing(printable(said["root"]), tuple(folders))
    return None


def printable(name: str) -> str:
    """A name that no terminal minds: what cannot be shown is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
