"""What a load test shows while it runs: on a terminal a table that is kept up to date, elsewhere a line a phase."""

from rich.console import Console
from rich.live import Live
from rich.table import Table

from loadtest.config import Exam
from loadtest.figures import line
from loadtest.hall import Told
from loadtest.record import Outcome, Verb
from loadtest.run import Show
from loadtest.samples import Sampler
from loadtest.verdict import clock

SHOWN = (Verb.LOGIN, Verb.SAVE, Verb.RUN, Verb.SOCKET, Verb.READ)


class Progress:
    """The display; `with` gives what keeps it up to date: seconds since the start, what was told, the sampler."""

    def __init__(self, console: Console, exam: Exam, students: int) -> None:
        """Shows nothing yet."""
        self._console, self._exam, self._students, self._phase = console, exam, students, ""
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> Show:
        if not self._console.is_terminal:
            return self._line
        self._live.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _update(self, at: float, told: Told, sampler: Sampler) -> None:
        self._live.update(self._table(at, told, sampler), refresh=True)

    def _line(self, at: float, told: Told, sampler: Sampler) -> None:
        phase = self._exam.phase_at(at)
        if phase != self._phase:
            self._phase = phase
            self._console.print(f"{clock(at)} {phase}: {_there(told)} of {self._students} students there")

    def _table(self, at: float, told: Told, sampler: Sampler) -> Table:
        title = f"{clock(at)} of {clock(self._exam.seconds)}, {self._exam.phase_at(at)}: "
        grid = Table(
            title=f"{title}{_there(told)} of {self._students} students there",
            title_justify="left",
            box=None,
            pad_edge=False,
        )
        for name in ("", "count", "p50 s", "p95 s", "else"):
            grid.add_column(name, header_style="dim", justify="left" if name in ("", "else") else "right")
        for verb in SHOWN:
            found = line(verb, [event for event in told.events if event.verb == verb])
            rest = ", ".join(f"{n} {outcome}" for outcome, n in found.outcomes.items() if outcome != Outcome.OK)
            grid.add_row(verb, str(found.count), _seconds(found.p50), _seconds(found.p95), rest)
        if sampler.samples:
            last = sampler.samples[-1]
            counts = f"{last.desired:g} desired, {last.running:g} running, {last.healthy:g} healthy"
            grid.add_row("tasks", "", "", "", counts)
        grid.add_row("load test", "", "", "", f"{told.cpu:.0f} % of a core in its busiest process")
        return grid


def _there(told: Told) -> int:
    came = {event.student for event in told.events if event.verb == Verb.CONNECT and event.outcome == Outcome.OK}
    return len(came - told.left.keys())


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
