"""The student with the sandbox's stand-in of the application: two ways to say the same protocol."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.application import accounts
from student import errors
from student.client import Student
from student.runs import Outcome
from student.walk import Step, remove, walk
from tests.contract.application.servers import Server, running

STUDENTS = 6


@pytest.fixture(scope="module")
def passwords(database: str) -> dict[str, str]:
    return {account.username: account.password for account in accounts.create(database, STUDENTS)}


@pytest.fixture(scope="module")
def server(database: str, passwords: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(database, tmp_path_factory.mktemp("data")) as found:
        yield found


def student(server: Server, number: int, passwords: dict[str, str]) -> Student:
    name = f"student{number:02}"
    return Student("http://exam.invalid", name, passwords[name], f"http://127.0.0.1:{server.port}")


def test_a_walk_takes_its_file_away_and_the_second_is_warm(server: Server, passwords: dict[str, str]) -> None:
    with student(server, 1, passwords) as one:
        first, second = walk(one, "hello.py", "print('hello')\n"), walk(one, "hello.py", "print('hello')\n")
    for done in (first, second):
        assert (done.problem, [run.output for run in done.runs]) == (None, ["hello\n"])
        assert set(done.seconds) == set(Step)
    assert first.runs[0].seconds > 1 > second.runs[0].seconds
    assert not list(server.data.rglob("hello.py"))


def test_how_programs_end(server: Server, passwords: dict[str, str]) -> None:
    programs = {
        "boom.py": ("print('before')\nx = 1/0\n", Outcome.ERROR, ""),
        "loop.py": ("print('start')\nwhile True:\n    pass\n", Outcome.KILLED, ""),
        "ask.py": ("n = input('your name? ')\nprint('hello', n)\n", Outcome.PROMPT, "hello Ada\n"),
    }
    with student(server, 2, passwords) as one:
        one.login()
        one.connect()
        for path, (program, outcome, output) in programs.items():
            one.save(path, program)
            run = one.run(path, ["Ada"])
            assert (run.outcome, run.output) == (outcome, output), path
        assert one.run("none.py").outcome is Outcome.REFUSED
        with pytest.raises(errors.RefusedError):
            one.read("none.py")


def test_the_eleventh_run_is_refused(server: Server, passwords: dict[str, str]) -> None:
    with student(server, 3, passwords) as one:
        one.login()
        one.connect()
        outcomes = [one.run("welcome.py").outcome for _ in range(11)]
    assert outcomes == [Outcome.PROMPT] * 10 + [Outcome.RATE_LIMITED]


def test_a_second_connection_ends_the_first(server: Server, passwords: dict[str, str]) -> None:
    with student(server, 4, passwords) as one, student(server, 4, passwords) as other:
        for each in (one, other):
            each.login()
            each.connect()
        with pytest.raises(errors.SessionTerminatedError):
            one.read("welcome.py")
        assert other.read("welcome.py") == 'print("hello")\n'


def test_a_session_ends_with_the_logout(server: Server, passwords: dict[str, str]) -> None:
    with student(server, 5, passwords) as one:
        one.login()
        one.logout()
        with pytest.raises(errors.LoginRefusedError):
            one.connect()


def test_a_wrong_password(server: Server) -> None:
    with student(server, 6, {"student06": "wrong"}) as one, pytest.raises(errors.LoginRefusedError):
        one.login()


def test_a_server_that_ends(database: str, passwords: dict[str, str], tmp_path: Path) -> None:
    with running(database, tmp_path) as server, student(server, 6, passwords) as one:
        one.login()
        one.connect()
        one.save("left.py", "print(1)\n")
        server.process.kill()
        server.process.wait()
        with pytest.raises(errors.ConnectionLostError):
            one.read("left.py")
        with pytest.raises(errors.UnreachableError):
            one.health()
        assert not remove(one, "left.py")


def test_what_was_left_is_removed(server: Server, passwords: dict[str, str]) -> None:
    with student(server, 6, passwords) as one:
        one.login()
        one.connect()
        one.save("left.py", "print(1)\n")
    with student(server, 6, passwords) as later:
        assert remove(later, "left.py")
        assert remove(later, "left.py")  # it is not there any more
    assert not list(server.data.rglob("left.py"))
