"""What each program takes alone: one student on a task that nobody else is on, before the class comes."""

import time

from components.errors import ExamError
from loadtest.accounts import VARIABLE, Account
from loadtest.config import RUNS_A_MINUTE
from loadtest.files import PACE, folder_of, path_of, programs, remove
from loadtest.job import Place
from loadtest.programs import PROGRAMS, program
from loadtest.sitting import ERRORS, log_out
from student.client import Student
from student.errors import LoginRefusedError, StudentError
from student.runs import Outcome

# The first run of a process takes its imports' time.
WARM = "prints"


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
    # The best of several counts: what else the machine does is no part. All of them are within the student's limit.
    times = (RUNS_A_MINUTE - 1) // len(mix)
    found = {name: _alone(student, folder, name, times) for name in PROGRAMS if name in mix}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _alone(student: Student, folder: str, name: str, times: int) -> float | None:
    done = [student.run(path_of(folder, name), program(name, 1).answers) for _ in range(times)]
    seconds = [run.seconds for run in done if run.outcome is Outcome.PROMPT]
    return round(min(seconds), 4) if seconds else None
