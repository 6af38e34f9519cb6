"""Ten classes at a time, in the sandbox: whether one machine can be so many students. `make large-class`."""

import sys
from pathlib import Path

from components.errors import ExamError
from loadtest.compare import call, fixed, live
from loadtest.hall import PROJECT

STUDENTS = 340
EXAM = Path(__file__).with_suffix(".yaml")
POSTURE = fixed("7 x 1 vCPU", 7, 1024, 2048)  # 50 students a task (application.studentsPerTask)
# AWS's clock runs little faster than the students': the load balancer's checks would add to what 7 busy tasks bear.
SETTINGS = {"SANDBOX_STUDENTS": str(STUDENTS), "SANDBOX_SPEED": "2"}


def main() -> int:
    """Have them sit an exam; the load test's exit code, 2 when the posture could not be had."""
    asked = ["--exam", str(EXAM), "--students", str(STUDENTS), "--seed", str(STUDENTS), "--processes", "2"]
    asked += ["--reports", str(PROJECT / "reports" / "large-class")]
    try:
        with live(POSTURE, SETTINGS) as (folder, env):
            return call(["-m", "loadtest", "-s", POSTURE.stack, *asked], folder, env)
    except ExamError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
