"""What the containers of tasks write, in moto's CloudWatch Logs, as the awslogs driver puts it there."""

import time
from collections.abc import Iterable
from typing import Any

from moto.logs.models import logs_backends

KEPT = 2000  # lines of a stream; AWS keeps all, the sandbox's memory does not


class Stream:
    """One log stream; without a group of that name what is written to it is lost, as in AWS."""

    def __init__(self, account: str, region: str, group: str, name: str) -> None:
        """Takes where it is; the stream is made with its first line."""
        self._backend = logs_backends[account][region]
        self._group, self._name = group, name

    def write(self, line: str) -> None:
        """Adds a line, at the time that it is now."""
        if self._group not in self._backend.groups:
            return
        self._backend.ensure_log_stream(self._group, self._name)
        event = {"timestamp": int(time.time() * 1000), "message": line}
        self._backend.put_log_events(self._group, self._name, [event])
        events = self._backend.groups[self._group].streams[self._name].events
        del events[:-KEPT]

    def write_all(self, lines: Iterable[bytes]) -> None:
        """Adds lines as they come, until there are no more."""
        for line in lines:
            self.write(line.decode(errors="replace").rstrip("\n"))


def of_task(container: dict[str, Any], task_id: str, account: str, region: str) -> Stream:
    """The stream of a container of a task, by its definition's log configuration."""
    options = container.get("logConfiguration", {}).get("options", {})
    name = f"{options.get('awslogs-stream-prefix', '')}/{container['name']}/{task_id}"
    return Stream(account, region, options.get("awslogs-group", ""), name)
