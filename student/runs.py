"""How a run of a program ends. Pure: messages in, a Run out.

A run does not end with `complete`: a good one becomes an interactive prompt (`repl_ready`) that stays open until it is
stopped. What was printed comes as one message, shortly before the end.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The application ends every program after so many seconds, fixed in its source; its error names them.
TIME_LIMIT = 3
# A refusal for a rate limit ends in the seconds to wait.
WAIT = re.compile(r"(\d+)\s*[a-z]*\W*$", re.IGNORECASE)


class Outcome(StrEnum):
    """How a run ended."""

    PROMPT = "prompt"  # to its end, then the interactive prompt
    COMPLETE = "complete"  # by sys.exit
    ERROR = "error"  # an exception, or too much output
    KILLED = "killed"  # by the application's time limit
    REFUSED = "refused"  # not started: not a file, or it runs already
    RATE_LIMITED = "rate limited"  # not started: too many starts
    NO_END = "no end"  # within the time that we wait


@dataclass(frozen=True)
class Run:
    """A run: what it printed, seconds from its start command to its end, and what was said of it: an error, stderr."""

    outcome: Outcome
    output: str
    seconds: float
    error: str = ""


def wait_of(refusal: str) -> int | None:
    """The seconds to wait that a refusal names; None where it is not for a rate limit."""
    found = WAIT.search(refusal)
    return int(found[1]) if found else None


def is_refusal(message: dict[str, Any]) -> bool:
    """Whether it is an error without the id of what it refuses; such answers come in the order of the commands."""
    return message.get("type") == "error" and "cmd_id" not in message and "id" not in message


class Ending:
    """Reads the messages of one run until its end."""

    def __init__(self, run: int) -> None:
        """`run` is the id of the start command."""
        self._run, self._output, self._said = run, "", ""

    def read(self, message: dict[str, Any], seconds: float) -> Run | None:
        """The run, if `message`, come so many seconds after the start command, ends it."""
        if is_refusal(message):
            refusal = str(message.get("message", ""))
            return self.end(Outcome.REFUSED if wait_of(refusal) is None else Outcome.RATE_LIMITED, seconds, refusal)
        if message.get("type") == "response" and message.get("id") == self._run and message.get("code") != 0:
            return self.end(Outcome.REFUSED, seconds, str(message.get("data") or ""))
        if message.get("cmd_id") == self._run:
            return self._shown(str(message.get("type")), message.get("data") or {}, seconds)
        return None

    def _shown(self, kind: str, data: dict[str, Any], seconds: float) -> Run | None:
        match kind:
            case "stdout":
                self._output += data.get("text", "")
            case "stderr":
                self._said += data.get("text", "")
            case "error":
                said = str(data.get("error", ""))
                return self.end(Outcome.KILLED if _killed(said, seconds) else Outcome.ERROR, seconds, said)
            case "repl_ready" | "complete":
                return self.end(Outcome.PROMPT if kind == "repl_ready" else Outcome.COMPLETE, seconds)
        return None

    def end(self, outcome: Outcome, seconds: float, said: str = "") -> Run:
        """The run as it stands now."""
        return Run(outcome, self._output, seconds, said or self._said)


def _killed(error: str, seconds: float) -> bool:
    # An error of the program's own may name line 3, but hardly just then.
    return seconds >= TIME_LIMIT and re.findall(r"\d+(?:\.\d+)?", error) in ([f"{TIME_LIMIT}"], [f"{TIME_LIMIT}.0"])
