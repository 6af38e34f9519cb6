"""docs/capacity.md, written from a comparison: no figure in it is typed by hand. `make capacity`."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from components.errors import ExamError
from loadtest.compare import EXAM, compare, sheet
from loadtest.config import Exam, read_exam
from loadtest.hall import PROJECT
from loadtest.report import Report, Sheet
from sandbox import quota
from sandbox.process import CLASS_SPEED

DOCUMENT = PROJECT / "docs" / "capacity.md"
SEED = 1  # the same class every time

TEXT = """# Which posture holds the class

Written by `make capacity` on {date}: {students} students in the sandbox, on {machine}. Do not edit.

{exam}

{table}

CPU: the most at a time, in percent of what the application can use of its tasks. `failed`: of all runs, killed by the
application's time limit, or lost. `wrong`: of all runs, with lines of others in their output, or without some of their
own.

{sentences}

How far this goes: {bounds} The database, the load balancer and the students were on the same machine; the students took
{generator} of a core at most. A program alone took {alone}; in the application itself, where it was measured, the
two loops take 0.24 and 1 CPU-s. One run a posture: small differences between two rows are chance. What the real service
holds is answered by `python -m loadtest -s exam`.

## What would help more than any posture: for the application's developers

- **Run programs as processes, not as threads of the server.** The application can do it already: `run_python_program`
  takes `hybrid: false`, streams the output line by line and ends with a code of its own. Every program then has its own
  standard output, so that nobody gets the lines of others ({wrong}), and its own core, so that a larger task is of use.
- **Count a program's time limit in CPU time.** It is wall time now, so that a busy server kills programs that did
  nothing wrong ({failed}).
- **Import what programs need when the server starts.** The first run in a fresh process pays for it now, with its time
  limit running: every new task needs a warm-up before students meet it.
- **Keep the event loop free.** Password hashes, database calls, writes to the file system and the server's own monitors
  hold everybody up; a thread pool would take them.
- **Use the limits that are configured.** `EXECUTION_TIMEOUT`, `MEMORY_LIMIT_MB` and `MAX_CONCURRENT_EXECUTIONS` are
  read, and then nothing is done with them.
- **Answer SIGTERM.** The image's shell swallows it: a stopped task serves until it is killed, and its students' sockets
  break off without a word. `exec` in the entry point, and a message before closing, would let the page reconnect at
  once.
- **Give `/api/health` a route, or no answer.** The catch-all page answers it with status 200, whatever the state.
"""


def main() -> int:
    """Compare, and write the document; 2 when a posture could not be had."""
    console = Console(highlight=False)
    try:
        found = compare(None, SEED, PROJECT / "reports" / "capacity", console)
    except ExamError as error:
        print(error, file=sys.stderr)
        return 2
    write(found)
    console.print(f"\nWritten: {DOCUMENT}")
    return 0


def write(found: dict[str, Report], path: Path = DOCUMENT) -> None:
    """Write the document."""
    path.write_text(document(found, read_exam(EXAM), machine(), quota.lacks()), encoding="utf-8")


def document(found: dict[str, Report], exam: Exam, machine: str, unbounded: str | None) -> str:
    """The document. `unbounded` is why no task's CPU was bounded; None where each was."""
    results = [made.result for made in found.values()]
    figures = [made.figures for made in found.values()]
    cores = f"the machine's {os.cpu_count()} cores are all that the tasks shared, however many they were."
    bound = "each task's process was held to its vCPU by a cgroup quota;" if unbounded is None else f"{unbounded};"
    return TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        students=results[0].students,
        machine=machine,
        exam=_exam(exam, results[0].seed),
        table=_table(sheet(found)),
        sentences="\n".join(f"- **{name}**: {made.verdict.sentence}." for name, made in found.items()),
        bounds=f"{bound} {cores}",
        generator=f"{max(result.generator.cpu_percent for result in results):.0f} %",
        alone=", ".join(f"{seconds:.2g} s ({name})" for name, seconds in results[0].baseline.items()),
        wrong=_range([figure.wrong_outputs_percent for figure in figures], "of the outputs above were wrong"),
        failed=_range([figure.failed_runs_percent for figure in figures], "of the runs above"),
    )


def _exam(exam: Exam, seed: int) -> str:
    phases = ", ".join(f"{phase.name} {phase.end - phase.begin:g} s" for phase in exam.phases)
    work, mix = exam.work, ", ".join(f"{share} % {name}" for name, share in exam.mix.items())
    return (
        f"The exam (`{EXAM.relative_to(PROJECT)}`, seed {seed}): {phases}. Each student saves every "
        f"{work.save.shortest:g}-{work.save.longest:g} s and runs a program every {work.run.shortest:g}-"
        f"{work.run.longest:g} s, in the rush {exam.rush.times_as_often:g} times as often: {mix}. AWS's clock ran "
        f"{CLASS_SPEED} times as fast for what takes minutes there."
    )


def _table(sheet: Sheet) -> str:
    lines = [sheet.head, tuple("---" for _ in sheet.head), *sheet.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _range(values: list[float], text: str) -> str:
    lowest, highest = (f"{value:.3g}" for value in (min(values), max(values)))
    return f"{lowest} % {text}" if lowest == highest else f"{lowest}-{highest} % {text}"


def machine() -> str:
    """This machine: its processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{os.cpu_count()} cores{f' ({model})' if model else ''}, {pages / 2**30:.0f} GB"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
