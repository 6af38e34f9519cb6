"""The application's limits per user, kept in one process: sliding windows of what was let through."""

from collections import defaultdict, deque
from dataclasses import dataclass

WINDOW = 60  # seconds: the wait that a refusal names is counted from this, also where the limit's own is shorter
RUNS = ("run_python_program", "start_python_repl")


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds."""

    kind: str
    count: int
    seconds: float


LIMITS = (
    Limit("messages", 300, 60),
    Limit("program runs", 10, 60),
    Limit("file operations", 30, 10),
    Limit("file operations", 10, 2),
)


class Limits:
    """What each user did lately."""

    def __init__(self) -> None:
        """Nobody did anything yet."""
        self._done: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def refusal(self, username: str, command: str, now: float) -> str | None:
        """Counts a message, unless it is over a limit: then the text that refuses it. `now` is in seconds."""
        kinds = ["messages"]
        if command in RUNS:
            kinds.append("program runs")
        if command.startswith("ide_"):
            kinds.append("file operations")
        for kind in kinds:
            done = self._done[username, kind]
            while done and done[0] <= now - WINDOW:
                done.popleft()
            for limit in (each for each in LIMITS if each.kind == kind):
                recent = [moment for moment in done if moment > now - limit.seconds]
                if len(recent) >= limit.count:
                    wait = int(WINDOW - (now - recent[0]))
                    return f"Limit of {limit.count} {kind} reached, try again in {wait} seconds"
            done.append(now)
        return None
