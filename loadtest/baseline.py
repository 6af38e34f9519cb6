"""What each program takes alone: one student on a task that nobody else is on, before the class comes."""

import time

from components.errors import ExamError
from loadtest.accounts import VARIABLE, Account
from loadtest.files import PACE, folder_of, path_of, programs, remove
from loadtest.job import Place
from loadtest.programs import PROGRAMS, program
from loadtest.sitting import ERRORS, log_out
from student.client import Student
from student.errors import LoginRefusedError, StudentError
from student.runs import Outcome

# The first run of a process takes its imports' time. Then the best of so many: what else the machine does is no part.
WARM, TIMES = "prints", 3


def baseline(place: Place, account: Account, mix: dict[str, int], run: str) -> dict[str, float]:
    """The seconds of each program of a mix, without a student's thinking; one that does not end well is left out.

    Leaves nothing behind. Raises ExamError when the account cannot work there.
    """
    with Student(place.url, account.username, account.password, place.address) as student:
        try:
            student.login()
            student.connect()
        except LoginRefusedError:
            raise ExamError(
                f"the application refuses the first account of {VARIABLE}; are these its accounts?"
            ) from None
        except StudentError as error:
            raise ExamError(f"no load test: the application is not there ({ERRORS[type(error)]})") from None
        try:
            return _measured(student, mix, folder_of(run))
        except StudentError as error:
            raise ExamError(f"no load test: one student alone could not work there ({ERRORS[type(error)]})") from None
        finally:
            remove(student, folder_of(run))
            log_out(student)


def _measured(student: Student, mix: dict[str, int], folder: str) -> dict[str, float]:
    student.create_folder(folder)
    for path, text in programs(folder, 1).items():
        time.sleep(PACE)
        student.save(path, text)
    student.run(path_of(folder, WARM))
    found = {name: _alone(student, folder, name) for name in PROGRAMS if name in mix}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _alone(student: Student, folder: str, name: str) -> float | None:
    done = [student.run(path_of(folder, name), program(name, 1).answers) for _ in range(TIMES)]
    times = [run.seconds for run in done if run.outcome is Outcome.PROMPT]
    return round(min(times), 4) if times else None
