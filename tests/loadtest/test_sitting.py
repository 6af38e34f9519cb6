"""A student's exam: what is done, and that everything that goes wrong is found and called by its name."""

from collections import Counter
from collections.abc import Callable

import pytest

from loadtest import files
from loadtest.files import ANSWER, path_of, paths
from loadtest.plan import Action, Plan
from loadtest.programs import PROGRAMS, THINKING
from loadtest.record import Event, Outcome, Verb
from loadtest.sitting import PATIENCE
from student import runs
from student.errors import (
    ConnectionLostError,
    LoginRefusedError,
    NoAnswerError,
    RateLimitError,
    RefusedError,
    SessionTerminatedError,
    StudentError,
    UnreachableError,
)
from tests.loadtest.exam_hall import FOLDER, NUMBER, Application, seated

PLAN = Plan(
    1.0,
    (
        Action(20, Verb.SAVE),
        Action(25, Verb.RUN, "prints"),
        Action(40, Verb.SAVE),
        Action(45, Verb.RUN, "input"),
        Action(75, Verb.RUN, "loop"),
    ),
    92.0,
)
THEIRS = path_of(FOLDER, ANSWER)
PROGRAM_COUNT = len(PROGRAMS)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.files.time.sleep", lambda seconds: None)


def played(plant: Callable[[Application], object] = lambda application: None, plan: Plan = PLAN) -> list[Event]:
    application = Application()
    plant(application)
    sitting, events = seated(application, plan)
    sitting.play()
    assert sitting.leave()
    assert application.calls[-2:] == ["logout", "close"]
    assert not application.files
    return events


def wrong(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.verb, event.outcome) for event in events if event.outcome != Outcome.OK]


def test_a_quiet_exam() -> None:
    events = played()
    assert not wrong(events)
    assert Counter(event.verb for event in events) == {
        Verb.LOGIN: 1,
        Verb.CONNECT: 1,
        Verb.SAVE: PROGRAM_COUNT + 2,
        Verb.RUN: 3,
        Verb.READ: PROGRAM_COUNT + 1,
    }
    assert [(e.program, e.phase, e.at) for e in events if e.verb == Verb.RUN] == [
        ("prints", "work", 25),
        ("input", "work", 45),
        ("loop", "rush", 75),
    ]
    assert {event.student for event in events} == {NUMBER}
    assert [event.phase for event in events if event.verb == Verb.READ] == ["leaving"] * (PROGRAM_COUNT + 1)


def test_thinking_is_no_time_of_the_application() -> None:
    application = Application()
    sitting, events = seated(application, Plan(1, (Action(20, Verb.RUN, "input"),), 92))
    sitting.play()
    assert application.answered == ["Ada"]
    assert next(event.seconds for event in events if event.verb == Verb.RUN) == 0.5
    assert application.clock > 20 + THINKING


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (runs.Run(runs.Outcome.KILLED, "", 3.1, "Execution exceeded 3 seconds"), Outcome.KILLED),
        (runs.Run(runs.Outcome.ERROR, "", 0.1, "infinite loop"), Outcome.ERROR),
        (runs.Run(runs.Outcome.NO_END, "", 30), Outcome.NO_END),
        (runs.Run(runs.Outcome.REFUSED, "", 2, "runs already"), Outcome.REFUSED),
        (runs.Run(runs.Outcome.RATE_LIMITED, "", 0.1, "wait 20"), Outcome.RATE_LIMITED),
        (runs.Run(runs.Outcome.PROMPT, "", 0.1), Outcome.WRONG),
        (runs.Run(runs.Outcome.PROMPT, "<student 4> line 0\n", 0.1), Outcome.FOREIGN),
    ],
)
def test_a_run_that_went_wrong(ending: runs.Run, outcome: Outcome) -> None:
    events = played(lambda application: setattr(application, "ending", ending))
    assert wrong(events) == [(Verb.RUN, outcome)] * 3


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RefusedError("no"), Outcome.REFUSED),
        (RateLimitError("wait 9", 9), Outcome.RATE_LIMITED),
        (NoAnswerError("none"), Outcome.NO_ANSWER),
    ],
)
def test_a_save_that_went_wrong_and_the_file_is_as_before(error: StudentError, outcome: Outcome) -> None:
    events = played(lambda application: application.plant("save", PROGRAM_COUNT + 2, error))
    assert wrong(events) == [(Verb.SAVE, outcome)]


def test_a_program_that_was_not_saved_is_saved_before_it_is_run() -> None:
    events = played(lambda application: application.plant("save", 1, RefusedError("no")))
    assert wrong(events) == [(Verb.SAVE, Outcome.REFUSED)]
    saves = [event.at for event in events if event.verb == Verb.SAVE]
    assert 25 in saves
    assert len(saves) == PROGRAM_COUNT + 3


def test_a_save_without_an_answer_may_have_been_done() -> None:
    def plant(application: Application) -> None:
        def late() -> None:
            application.files[THEIRS] = "\n".join(files.answer(NUMBER, 2).splitlines()) + "\n"
            raise NoAnswerError("none")

        application.plant("save", PROGRAM_COUNT + 2, late)

    assert wrong(played(plant)) == [(Verb.SAVE, Outcome.NO_ANSWER)]


@pytest.mark.parametrize("path", [THEIRS, paths(FOLDER)[0]])
@pytest.mark.parametrize("change", ["lost", "older", "empty"])
def test_a_lost_content_is_found(path: str, change: str) -> None:
    def plant(application: Application) -> None:
        def lose() -> None:
            older = files.answer(NUMBER, 1)
            application.files.update({path: {"older": older, "empty": ""}.get(change, "")})
            if change == "lost":
                del application.files[path]

        application.plant("run", 3, lose)

    assert wrong(played(plant)) == [(Verb.READ, Outcome.CONTENT_LOST)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionLostError("gone"), Outcome.LOST),
        (SessionTerminatedError("kicked"), Outcome.TERMINATED),
    ],
)
@pytest.mark.parametrize(("call", "number"), [("wait", 3), ("save", PROGRAM_COUNT + 1), ("read", 2)])
def test_a_lost_socket_is_won_back_and_nothing_is_lost(
    call: str, number: int, error: StudentError, outcome: Outcome
) -> None:
    events = played(lambda application: application.plant(call, number, error))
    verb = {"save": Verb.SAVE, "read": Verb.READ}.get(call)
    assert wrong(events) == [
        *([(verb, outcome)] if verb else []),
        (Verb.SOCKET, outcome),
        (Verb.SOCKET, Outcome.RECONNECTED),
    ]
    assert sum((event.verb, event.outcome) == (Verb.READ, Outcome.OK) for event in events) == PROGRAM_COUNT + 1


def test_a_run_goes_with_its_socket() -> None:
    events = played(lambda application: application.plant("run", 2, ConnectionLostError("gone")))
    assert wrong(events) == [
        (Verb.RUN, Outcome.LOST),
        (Verb.SOCKET, Outcome.LOST),
        (Verb.SOCKET, Outcome.RECONNECTED),
    ]
    assert next(event.program for event in events if event.outcome == Outcome.LOST) == "input"


def test_a_session_that_is_over_is_replaced_by_a_new_login() -> None:
    def plant(application: Application) -> None:
        application.plant("wait", 3, ConnectionLostError("gone"))
        application.plant("connect", 2, LoginRefusedError("over"))

    events = played(plant)
    assert wrong(events) == [(Verb.SOCKET, Outcome.LOST), (Verb.SOCKET, Outcome.RECONNECTED)]


def test_a_place_that_cannot_be_had_back_is_lost_and_tried_for_a_minute() -> None:
    def plant(application: Application) -> None:
        application.plant("wait", 3, ConnectionLostError("gone"))
        for number in range(2, 40):
            application.plant("connect", number, UnreachableError("nobody listens"))

    application = Application()
    plant(application)
    sitting, events = seated(application, PLAN)
    sitting.play()
    lost = next(event for event in events if event.outcome == Outcome.NOT_RECONNECTED)
    assert PATIENCE <= lost.seconds < PATIENCE + 5
    assert not any(event.verb == Verb.RUN and event.at > lost.at for event in events)
    # The files are there, but could they be read? Nobody knows, and nobody says that they are lost.
    reads = [event.outcome for event in events if event.verb == Verb.READ]
    assert Outcome.CONTENT_LOST not in reads


def test_a_place_that_is_lost_on_arrival_is_no_fault_of_the_load_test() -> None:
    application = Application()
    application.plant("save", 2, ConnectionLostError("gone"))
    for number in range(2, 80):
        application.plant("connect", number, UnreachableError("nobody listens"))
    sitting, events = seated(application, PLAN)
    sitting.play()
    assert wrong(events)[:3] == [
        (Verb.SAVE, Outcome.LOST),
        (Verb.SOCKET, Outcome.LOST),
        (Verb.SOCKET, Outcome.NOT_RECONNECTED),
    ]
    assert application.calls.count("save") == 2
    assert "run" not in application.calls
    assert not sitting.leave()


def test_a_refused_login_is_final_and_leaves_nothing_to_remove() -> None:
    application = Application()
    application.plant("login", 1, LoginRefusedError("no"))
    sitting, events = seated(application, PLAN)
    sitting.play()
    assert wrong(events) == [(Verb.LOGIN, Outcome.REFUSED)]
    assert len(events) == 1
    assert sitting.leave()
    assert application.calls.count("login") == 1
    assert "delete" not in application.calls


def test_a_login_that_was_broken_off_leaves_no_session() -> None:
    application = Application()

    def interrupt() -> None:
        raise KeyboardInterrupt

    application.plant("login", 1, interrupt)
    sitting, _ = seated(application, PLAN)
    with pytest.raises(KeyboardInterrupt):
        sitting.play()
    assert sitting.leave()
    # The new session ends the one that nobody knows of, and is ended itself.
    assert application.calls[-3:] == ["login", "logout", "close"]


def test_a_login_without_an_answer_is_tried_again() -> None:
    events = played(lambda application: application.plant("login", 1, NoAnswerError("none")))
    assert wrong(events) == [(Verb.LOGIN, Outcome.NO_ANSWER)]
    assert sum(event.verb == Verb.RUN for event in events) == 3


def test_what_there_was_no_time_for_is_counted() -> None:
    def plant(application: Application) -> None:
        application.plant("run", 1, lambda: application.sleep(80))

    application = Application()
    plant(application)
    sitting, _ = seated(application, PLAN)
    sitting.play()
    assert sitting.skipped == 3
    # That is the application's time, not the load test's.
    assert sitting.late < 0.1


def test_the_load_test_s_own_lateness_is_measured() -> None:
    application = Application()
    application.plant("wait", 2, lambda: application.sleep(1.5))
    sitting, _ = seated(application, PLAN)
    sitting.play()
    assert sitting.late == pytest.approx(1.5)


def test_files_that_cannot_be_removed_are_told() -> None:
    application = Application()
    application.plant("delete", 2, NoAnswerError("none"))
    sitting, _ = seated(application, PLAN)
    sitting.play()
    assert not sitting.leave()
    assert application.calls[-2:] == ["logout", "close"]
