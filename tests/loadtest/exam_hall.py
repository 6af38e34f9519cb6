"""A student whose application is a few lines here, and whose clock runs as fast as the test: what is done is recorded."""

from collections.abc import Callable, Iterable

from loadtest.config import Exam
from loadtest.plan import Plan
from loadtest.programs import program
from loadtest.record import Event
from loadtest.sitting import Sitting
from student.client import Student
from student.errors import RefusedError, StudentError
from student.runs import Outcome, Run
from tests.loadtest.test_config import SHIPPED

FOLDER = "load-test-0000"
NUMBER = 3
EXAM = Exam.model_validate(
    {
        **SHIPPED,
        "arrival": {"seconds": 10},
        "work": {"seconds": 60, "save": {"from": 20, "to": 20}, "run": {"from": 30, "to": 30}},
        "rush": {"seconds": 20, "timesAsOften": 1},
        "leaving": {"seconds": 10},
    }
)


class Application(Student):
    """It works; what a test plants is done, or raised, in the call of that name and number (from 1)."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.files: dict[str, str] = {}
        self.calls: list[str] = []
        self.planted: dict[tuple[str, int], Callable[[], object]] = {}
        self.ending: Run | None = None
        self.answered: list[str] = []

    def plant(self, call: str, number: int, what: StudentError | Callable[[], object]) -> None:
        def fail() -> None:
            assert isinstance(what, StudentError)
            raise what

        self.planted[call, number] = fail if isinstance(what, StudentError) else what

    def _call(self, name: str, seconds: float = 0.01) -> None:
        self.calls.append(name)
        self.clock += seconds
        if act := self.planted.get((name, self.calls.count(name))):
            act()

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def wait(self, seconds: float) -> None:
        self._call("wait", 0)
        self.clock += seconds

    def login(self) -> None:
        self._call("login", 0.3)

    def connect(self) -> None:
        self._call("connect")

    def create_folder(self, path: str) -> None:
        self._call("create_folder")

    def save(self, path: str, text: str) -> None:
        self._call("save")
        self.files[path] = text

    def read(self, path: str) -> str:
        self._call("read")
        if path not in self.files:
            raise RefusedError("no such file")
        return self.files[path]

    def run(self, path: str, answers: Iterable[str] = (), *, limit: float = 30.0) -> Run:
        started = self.clock
        self._call("run", 0)
        self.answered = list(answers)
        self.clock += 0.5
        name = path.removeprefix(f"{FOLDER}/").removesuffix(".py").replace("-", " ")
        return self.ending or Run(Outcome.PROMPT, program(name, NUMBER).output, self.clock - started)

    def delete(self, path: str) -> None:
        self._call("delete")
        if self.files.pop(path, None) is None:
            raise RefusedError("no such file")

    def delete_folder(self, path: str) -> None:
        self._call("delete_folder")

    def logout(self) -> None:
        self._call("logout")

    def close(self) -> None:
        self._call("close", 0)


def seated(application: Application, plan: Plan) -> tuple[Sitting, list[Event]]:
    """The student, and the events as they come."""
    events: list[Event] = []
    sitting = Sitting(
        application, NUMBER, plan, EXAM, FOLDER, lambda: application.clock, events.append, application.sleep
    )
    return sitting, events
