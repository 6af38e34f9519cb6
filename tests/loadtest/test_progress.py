"""What is shown while it runs: a table that is kept on a terminal, a line a phase elsewhere."""

from io import StringIO
from typing import Any, cast

from rich.console import Console

from loadtest.hall import Told
from loadtest.progress import Progress
from loadtest.record import Outcome, Sample, Verb
from loadtest.samples import Sampler
from tests.loadtest.exam_hall import EXAM
from tests.loadtest.runs import event


class Samples:
    samples = (Sample(5, 3, 2, 1),)


SAMPLER = cast(Sampler, Samples())


def shown(terminal: bool, *moments: float) -> str:
    told = Told(cpu=41.5, left={2: True})
    told.events = [event(student=number, verb=Verb.CONNECT) for number in (1, 2, 3)]
    told.events += [event(outcome=Outcome.KILLED, seconds=3.2), event(seconds=0.25)]
    options: dict[str, Any] = {"force_terminal": terminal, "width": 80, "highlight": False, "no_color": True}
    console = Console(file=StringIO(), **options)
    with Progress(console, EXAM, 34) as show:
        for at in moments:
            show(at, told, SAMPLER)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_elsewhere_a_line_a_phase() -> None:
    assert shown(False, 0, 1, 11, 12, 75).splitlines() == [
        "0:00 arrival: 2 of 34 students there",
        "0:11 work: 2 of 34 students there",
        "1:15 rush: 2 of 34 students there",
    ]


def test_on_a_terminal_a_table() -> None:
    text = shown(True, 75)
    assert "1:15 of 1:40, rush: 2 of 34 students there" in text
    assert "1 killed" in text
    assert "3 desired, 2 running, 1 healthy" in text
    assert "42 % of a core in its busiest process" in text
