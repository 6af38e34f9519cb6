"""What a run of the load test leaves behind: plain records that go into JSON and come back the same."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter


class Verb(StrEnum):
    """What a student does, or what happens to one (a socket)."""

    LOGIN = "login"
    CONNECT = "connect"
    SAVE = "save"
    RUN = "run"
    READ = "read"
    SOCKET = "socket"


class Outcome(StrEnum):
    """How it went. A student's own words for it are in no event: they may hold what nobody should read."""

    OK = "ok"
    REFUSED = "refused"  # a login, a file command or a start that the application does not take
    RATE_LIMITED = "rate limited"  # over one of the application's own limits
    KILLED = "killed"  # a run, by the application's limit of 3 s
    ERROR = "error"  # a run that ends in an error that the program has not
    WRONG = "wrong output"  # a run whose own lines are not all there, or not alone
    FOREIGN = "foreign output"  # a run that shows another student's lines
    LOST = "lost"  # a socket that broke off; a run that went with it
    TERMINATED = "terminated"  # a socket that another session of the account has ended
    NO_END = "no end"  # a run that did not come to its end while we waited
    NO_ANSWER = "no answer"  # connected, but nothing came within the limit
    UNREACHABLE = "unreachable"  # no connection
    UNEXPECTED = "unexpected answer"  # an error page, or anything that is not the application's
    RECONNECTED = "reconnected"  # a socket that is there again
    NOT_RECONNECTED = "not reconnected"  # a session that could not be gone on with: lost for good
    CONTENT_LOST = "content lost"  # a file that does not hold what was saved last
    FAULT = "fault of the load test"  # the generator's own error


@dataclass(frozen=True)
class Event:
    """One thing that a student did or met: `at` seconds since the start, when it began; it took `seconds`."""

    at: float
    student: int
    verb: str
    outcome: str
    seconds: float
    phase: str
    program: str = ""


@dataclass(frozen=True)
class Sample:
    """AWS's view at `at` seconds since the start; None where it could not be had.

    `cpu_task` and `cpu_usable` are percent of the task and of what the application can use of it, `memory` percent.
    """

    at: float
    desired: float | None = None
    running: float | None = None
    healthy: float | None = None
    cpu_task: float | None = None
    cpu_usable: float | None = None
    memory: float | None = None
    errors_5xx: float | None = None
    connections: float | None = None


@dataclass(frozen=True)
class Activity:
    """A scaling activity, or another event of the service, `at` seconds since the start."""

    at: float
    text: str


@dataclass(frozen=True)
class Phase:
    """A phase as it was: from `begin` to `end`, seconds since the start."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Generator:
    """What the load test itself cost: its busiest process' CPU (percent of a core), and how late its students were.

    `cpu_percent` and `late_seconds` are the highest of any stretch of some seconds.
    """

    cpu_percent: float
    late_seconds: float
    processes: int


@dataclass(frozen=True)
class Result:
    """A whole run. `posture` is plain facts (tasks, cpu, memory, min, max, usd_per_hour); `baseline` seconds alone.

    `unaccounted` are the students whose end nobody has told of: a process of the load test was lost, or time was up.
    """

    stack: str
    posture: dict[str, float]
    students: int
    seed: int
    started: str  # ISO 8601, UTC
    seconds: float
    phases: list[Phase]
    events: list[Event]
    samples: list[Sample]
    activities: list[Activity]
    baseline: dict[str, float]
    generator: Generator
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    unaccounted: int = 0


RESULT = TypeAdapter(Result)


def write(result: Result, path: Path) -> None:
    """Write a run as JSON."""
    path.write_bytes(RESULT.dump_json(result, indent=1))


def read(path: Path) -> Result:
    """A run from its JSON. Raises pydantic.ValidationError, OSError."""
    return RESULT.validate_json(path.read_bytes())
