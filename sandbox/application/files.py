"""Students' files: those of user U are in ide/Local/U below the data folder, which all tasks share."""

import base64
import mimetypes
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

# The folder that clients take for the root, and theirs in it.
ROOT, PROJECT = "ide", "Local"
FIRST_FOLDERS, FIRST_FILE = ("Lecture_Examples", "submissions"), ("welcome.py", 'print("hello")\n')
Answer = dict[str, Any]


class Files:
    """One user's files, and nobody else's."""

    def __init__(self, data: Path, user: str) -> None:
        """Makes what a new user starts with."""
        self._root = data / ROOT
        self._own = self._root / PROJECT / user
        if not self._own.exists():
            for name in FIRST_FOLDERS:
                (self._own / name).mkdir(parents=True, exist_ok=True)
            (self._own / FIRST_FILE[0]).write_text(FIRST_FILE[1])

    def find(self, path: str, project: str = PROJECT) -> Path:
        """Where a path leads: from the root ("Local/<user>/x.py"), or below a project ("Local/<user>").

        Raises ValueError for one with "..", PermissionError for one that is not the user's.
        """
        asked = PurePosixPath(path.lstrip("/"))
        if ".." in asked.parts or ".." in PurePosixPath(project).parts:
            raise ValueError("invalid path")
        if asked.parts[:1] != (PROJECT,):
            asked = PurePosixPath(project.strip("/")) / asked
        found = self._root / asked
        if not found.resolve().is_relative_to(self._own.resolve()):
            raise PermissionError("no permission")
        return found

    def name(self, path: Path) -> str:
        """A path as clients know it."""
        return path.relative_to(self._root).as_posix()

    def project(self, data: Mapping[str, Any]) -> Answer:
        """The tree of all the user's files."""
        if data.get("projectName") not in (PROJECT, self.name(self._own)):
            return {"code": -1, "data": None}
        return {"code": 0, "data": {**self._tree(self._own), "name": self.name(self._own)}}

    def _tree(self, path: Path) -> Answer:
        entry = {"name": path.name, "path": self.name(path)}
        if path.is_dir():
            return {**entry, "type": "folder", "children": [self._tree(child) for child in sorted(path.iterdir())]}
        return {**entry, "type": "file", "size": path.stat().st_size, "ext": path.suffix.removeprefix(".")}

    def get(self, data: Mapping[str, Any]) -> Answer:
        """A file's text, or its bytes in base64."""
        path = self._asked(data, "filePath")
        if not data.get("binary"):
            return {"code": 0, "data": path.read_text()}
        content = base64.b64encode(path.read_bytes()).decode()
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return {"code": 0, "data": {"content": content, "binary": True, "mime_type": kind}}

    def write(self, data: Mapping[str, Any]) -> Answer:
        """Saves a file's text."""
        write(self._asked(data, "filePath"), str(data.get("fileData", "")))
        return {"code": 0, "msg": "file saved"}

    def create(self, data: Mapping[str, Any]) -> Answer:
        """Makes an empty file; one that is there is emptied."""
        write(self._asked(data, "parentPath") / _plain(data.get("fileName")), "")
        return {"code": 0, "msg": "file created"}

    def create_folder(self, data: Mapping[str, Any]) -> Answer:
        """Makes a folder."""
        self._asked(data, "folderPath").mkdir(parents=True, exist_ok=True)
        return {"code": 0, "msg": "folder created"}

    def rename(self, data: Mapping[str, Any]) -> Answer:
        """Gives a file another name."""
        path = self._asked(data, "oldPath")
        path.rename(path.with_name(_plain(data.get("newName"))))
        return {"code": 0, "msg": "file renamed"}

    def delete(self, data: Mapping[str, Any]) -> Answer:
        """Removes a file."""
        self._asked(data, "filePath").unlink()
        return {"code": 0, "msg": "file deleted"}

    def delete_folder(self, data: Mapping[str, Any]) -> Answer:
        """Removes a folder with all that is in it."""
        shutil.rmtree(self._asked(data, "folderPath"))
        return {"code": 0, "msg": "folder deleted"}

    def _asked(self, data: Mapping[str, Any], name: str) -> Path:
        return self.find(str(data.get(name, "")), str(data.get("projectName", PROJECT)))

    def list_directory(self, message: Mapping[str, Any]) -> Answer:
        """The folders and files in a folder."""
        entries = sorted(self._asked(message, "path").iterdir())
        named = [(path, {"name": path.name, "path": self.name(path)}) for path in entries]
        files = [{**entry, **_state(path)} for path, entry in named if path.is_file()]
        return {"success": True, "directories": [entry for path, entry in named if path.is_dir()], "files": files}

    def get_file(self, message: Mapping[str, Any]) -> Answer:
        """A file's text, in the second family's form."""
        return {"success": True, "content": self._asked(message, "path").read_text()}

    def save_file(self, message: Mapping[str, Any]) -> Answer:
        """Saves a file's text, in the second family's form."""
        write(self._asked(message, "path"), str(message.get("content", "")))
        return {"success": True, "message": "file saved"}


def write(path: Path, text: str) -> None:
    """Writes a text through to the disk, as the application does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _state(path: Path) -> Answer:
    found = path.stat()
    changed = datetime.fromtimestamp(found.st_mtime, UTC).replace(tzinfo=None)
    return {"size": found.st_size, "modified": changed.isoformat()}


def _plain(name: Any) -> str:
    if not isinstance(name, str) or not name or "/" in name or name in (".", ".."):
        raise ValueError("invalid name")
    return name


# By command: what answers it. The first family's fields are in `data`, the second's beside the command.
IDE_COMMANDS: Mapping[str, Callable[[Files, Mapping[str, Any]], Answer]] = MappingProxyType(
    {
        "ide_list_projects": lambda *_: {"code": 0, "data": [PROJECT]},
        "ide_get_project": Files.project,
        "ide_get_file": Files.get,
        "ide_write_file": Files.write,
        "ide_save_file": Files.write,
        "ide_create_file": Files.create,
        "ide_create_folder": Files.create_folder,
        "ide_rename_file": Files.rename,
        "ide_del_file": Files.delete,
        "ide_del_folder": Files.delete_folder,
    }
)
PLAIN_COMMANDS: Mapping[str, Callable[[Files, Mapping[str, Any]], Answer]] = MappingProxyType(
    {"list_directory": Files.list_directory, "get_file": Files.get_file, "save_file": Files.save_file}
)
