"""What loadtest.yaml may say, and every error it can earn."""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from components.errors import ExamError
from components.settings import Number, Percent, Positive, Strict, Whole
from loadtest.programs import PROGRAMS
from loadtest.record import Phase

FILE = "loadtest.yaml"
# The application's own limits of a student: 10 starts of runs in 60 s, 10 file operations in 2 s. An answer may come
# late and the next command in time, so that the two are closer than planned.
SHORTEST_RUN_PAUSE, SHORTEST_SAVE_PAUSE = 7.0, 2.0
RUNS_A_MINUTE = 10
Seconds = Annotated[Number, Field(gt=0, le=6 * 3600)]


class Pause(Strict):
    """A random pause, each length as likely as the other; seconds."""

    shortest: Annotated[Seconds, Field(alias="from")]
    longest: Annotated[Seconds, Field(alias="to")]

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError(f"from {self.shortest:g} is above to {self.longest:g}")
        return self

    def divided(self, by: float) -> "Pause":
        """The pause of who does it so many times as often."""
        return Pause.model_construct(shortest=self.shortest / by, longest=self.longest / by)


class Stretch(Strict):
    """Arrival or leaving; seconds."""

    seconds: Seconds


class Work(Strict):
    """The exam itself; seconds, and the pauses before each save and each run."""

    seconds: Seconds
    save: Pause
    run: Pause


class Rush(Strict):
    """The last minutes; seconds, and how many times as often as before students save and run."""

    seconds: Seconds
    times_as_often: Annotated[Number, Field(ge=1)]


class Criteria(Strict):
    """What a posture must hold (loadtest.yaml); None is not judged."""

    run_p95: Seconds | None
    save_p95: Seconds | None
    killed_percent: Annotated[Number, Field(ge=0, le=100)] | None
    wrong_percent: Annotated[Number, Field(ge=0, le=100)] | None
    lost_sessions: Annotated[Whole, Field(ge=0)] | None
    lost_contents: Annotated[Whole, Field(ge=0)] | None


class Exam(Strict):
    """An exam as the load test plays it, and what is asked of the posture that it is played on."""

    arrival: Stretch
    work: Work
    rush: Rush
    leaving: Stretch
    mix: dict[str, Positive]
    criteria: Criteria
    generator_cpu: Percent

    @field_validator("mix")
    @classmethod
    def _known(cls, value: dict[str, int]) -> dict[str, int]:
        if not value or not value.keys() <= PROGRAMS.keys():
            raise ValueError(f"shares of the programs {', '.join(PROGRAMS)}")
        return value

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        often = self.rush.times_as_often
        for name, pause, least in (
            ("run", self.work.run, SHORTEST_RUN_PAUSE),
            ("save", self.work.save, SHORTEST_SAVE_PAUSE),
        ):
            if pause.shortest / often < least:
                raise ValueError(
                    f"a {name} every {pause.shortest / often:.3g} s is over the application's own limits; "
                    f"work.{name}.from / rush.timesAsOften must be at least {least:g}"
                )
        return self

    @property
    def phases(self) -> list[Phase]:
        """The phases, in seconds since the start."""
        phases: list[Phase] = []
        for name in ("arrival", "work", "rush", "leaving"):
            begin = phases[-1].end if phases else 0.0
            phases.append(Phase(name, begin, begin + getattr(self, name).seconds))
        return phases

    @property
    def seconds(self) -> float:
        """How long it takes in all."""
        return self.phases[-1].end

    def phase_at(self, at: float) -> str:
        """The name of the phase at so many seconds since the start; who is late is still leaving."""
        return next((phase.name for phase in self.phases if at < phase.end), self.phases[-1].name)


def read_exam(path: Path) -> Exam:
    """The exam of a file like loadtest.yaml. Raises ExamError: one line for every key at fault."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ExamError(f"cannot read {path}: {error.strerror}; run this in the project's folder") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExamError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    try:
        return Exam.model_validate(content)
    except ValidationError as error:
        raise ExamError("\n".join(f"{path.name}: {_line(detail)}" for detail in error.errors())) from None


def _line(detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    text = str(detail.get("ctx", {}).get("error") or detail["msg"][:1].lower() + detail["msg"][1:])
    if detail["type"] in ("missing", "extra_forbidden"):
        return f"{key} is {'missing' if detail['type'] == 'missing' else 'not a key'}"
    found = "" if isinstance(detail["input"], dict) else f", not {detail['input']!r}"
    return f"{key}: {text}{found}" if key else text
