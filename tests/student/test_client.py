"""The student against the recorded conversations, and against servers that are out of order."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from student import errors, web
from student.client import Student
from student.runs import Outcome
from student.web import Place, Web
from tests.contract.application.replay import recording
from tests.student.scripted import Application, playing, recorded

URL = "http://exam.invalid"
PASSWORD = "PASSWORD-GOOD"


@contextmanager
def student(application: Application, name: str, **options: Any) -> Iterator[Student]:
    with playing(application) as address, Student(URL, name, PASSWORD, address, **options) as one:
        yield one


@contextmanager
def connected(recording: str, name: str) -> Iterator[Student]:
    with student(Application(recorded(recording)), name) as one:
        one.login()
        one.connect()
        yield one


def test_a_run_from_login_to_the_end_of_its_prompt() -> None:
    application = Application(recorded("run"))
    with student(application, "exam_t04") as one:
        one.login()
        one.connect()
        run = one.run("three.py")
    assert (run.outcome, run.output, run.error) == (Outcome.PROMPT, "1\n2\n3\n", "")
    assert application.script == []  # the prompt was stopped


def test_the_urls_host_is_kept_and_the_cookie_goes_with_the_socket() -> None:
    application = Application(recorded("run") + recorded("health"))
    with student(application, "exam_t04") as one:
        assert not one.sticky
        one.login()
        assert one.sticky
        one.connect()
        one.health()
    assert application.seen == [
        {"path": "/api/login", "Host": "exam.invalid", "Cookie": "", "Origin": ""},
        {"path": "/ws", "Host": "exam.invalid", "Cookie": "AWSALB=task-1", "Origin": URL},
        {"path": "/health", "Host": "exam.invalid", "Cookie": "AWSALB=task-1", "Origin": ""},
    ]


def test_students_share_no_cookie() -> None:
    application = Application(recorded("health"))
    with student(application, "a") as one, Student(URL, "b", PASSWORD, one._place.address) as other:
        one.health()
        assert (one.sticky, other.sticky) == (True, False)


def test_files() -> None:
    with connected("files", "exam_t02") as one:
        assert one.read("welcome.py") == 'print("hello")\n'
        with pytest.raises(errors.RefusedError, match="ide_get_file: TEXT"):
            one.read("missing.py")
        one.save("new1.py", "print(1)\n")
        for path in ("x.py", "../x.py"):  # no permission; not a path
            with pytest.raises(errors.RefusedError, match="ide_write_file: TEXT"):
                one.save(path, "print(1)\n")
        one.delete("new2.py")


def test_a_rate_limit_is_an_outcome_of_a_run() -> None:
    with connected("limit", "exam_t07") as one:
        assert one.run("p.py").outcome is Outcome.PROMPT
        refused = one.run("p.py")
    assert (refused.outcome, refused.error) == (Outcome.RATE_LIMITED, "TEXT 10 59")


def test_a_rate_limit_is_an_error_of_a_file_command() -> None:
    lines = recorded("files")
    place = next(n for n, line in enumerate(lines) if line["message"].get("id") == 5)
    lines[place + 1] = recorded("limit")[-1]
    with student(Application(lines), "exam_t02") as one:
        one.login()
        one.connect()
        with pytest.raises(errors.RateLimitError) as caught:
            one.read("welcome.py")
    assert caught.value.wait == 59


def test_a_terminated_session() -> None:
    with connected("kicked", "exam_t09") as one, pytest.raises(errors.SessionTerminatedError, match="4001"):
        one.read("welcome.py")


@pytest.mark.parametrize("code", [4001, 1006, 1012])
def test_a_socket_that_only_closes(code: int) -> None:
    lines = [line for line in recorded("kicked") if line["message"].get("type") != "session_terminated"]
    lines[-1]["message"]["close_code"] = code if code != 1006 else None
    kind = errors.SessionTerminatedError if code == 4001 else errors.ConnectionLostError
    with student(Application(lines), "exam_t09") as one:
        one.login()
        one.connect()
        with pytest.raises(kind):
            one.run("p.py")


def test_a_refused_login() -> None:
    with student(Application(recorded("bad_password")), "exam_t01") as one:
        with pytest.raises(errors.LoginRefusedError, match="exam_t01") as caught:
            one.login()
        assert PASSWORD not in f"{caught.value!r}{one!r}{one._web!r}"


def test_a_refused_session() -> None:
    with student(Application(recorded("bad_session")), "exam_t01") as one:
        one.login()
        with pytest.raises(errors.LoginRefusedError) as caught:
            one.connect()
        assert "SESSION" not in f"{caught.value!r}{one!r}"


def test_the_applications_words_are_without_credentials() -> None:
    lines = recorded("files")
    refusal = next(line for line in lines if line["message"].get("code") == -1)
    refusal["message"]["msg"] = f"who are you,\n{PASSWORD} with SESSION-5?"
    with student(Application(lines), "exam_t02") as one:
        one.login()
        one.connect()
        one.read("welcome.py")
        with pytest.raises(errors.RefusedError) as caught:
            one.read("missing.py")
    assert str(caught.value) == "ide_get_file: who are you, (hidden) with (hidden)?"


def test_health() -> None:
    with student(Application(recorded("health")), "x") as one:
        now = time.monotonic()
        health = one.health()
    assert (health.status, health.uptime) == ("healthy", 92)
    assert health.earliest <= now - 92 <= health.latest


def test_a_page_is_no_health() -> None:
    lines = recorded("health")
    lines[0]["message"] = {**lines[1]["message"], "request": {"method": "GET", "path": "/health"}}
    with student(Application(lines), "x") as one, pytest.raises(errors.UnexpectedAnswerError, match="200 text/html"):
        one.health()


@contextmanager
def deaf(*, drops: bool) -> Iterator[str]:
    """A server that takes every connection and never says a word, or hangs up at once."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        if drops:
            threading.Thread(target=hang_up, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_everything_has_a_time_limit() -> None:
    with deaf(drops=False) as address, Student(URL, "x", PASSWORD, address, limit=0.2) as one:
        start = time.monotonic()
        for ask in (one.login, one.health, one.connect):
            with pytest.raises(errors.NoAnswerError):
                ask()
        assert time.monotonic() - start < 5


def test_a_server_that_hangs_up() -> None:
    with deaf(drops=True) as address, Student(URL, "x", PASSWORD, address) as one:
        for ask in (one.login, one.connect):
            with pytest.raises(errors.UnreachableError):
                ask()


def test_nobody_listens() -> None:
    with Student(URL, "x", PASSWORD, "http://127.0.0.1:1") as one:
        for ask in (one.login, one.connect):
            with pytest.raises(errors.UnreachableError, match=r"127\.0\.0\.1:1|/ws"):
                ask()


def test_a_run_without_an_end() -> None:
    lines = recorded("run")
    silent = [line for line in lines if line["message"].get("cmd_id") is None]  # started, and nothing more
    with student(Application(silent), "exam_t04") as one:
        one.login()
        one.connect()
        run = one.run("three.py", limit=0.3)
    assert run.outcome is Outcome.NO_END
    assert 0.3 <= run.seconds < 3


def test_an_input_is_answered() -> None:
    hello = recorded("run")[:4]
    hello[2]["message"]["session_id"] = "SESSION-1"
    lines = [line for line in recording("e_run") if line["direction"] in ("send", "receive")]
    start = next(n for n, line in enumerate(lines) if line["message"].get("id") == 1006)
    with student(Application(hello + lines[start : start + 9]), "exam_t04") as one:
        one.login()
        one.connect()
        run = one.run("ask.py", iter(["Ada"]))
    assert (run.outcome, run.output) == (Outcome.PROMPT, "hello Ada\n")


@pytest.mark.parametrize(
    ("url", "address", "base", "netloc", "hostname"),
    [
        ("https://exam.example", None, "https://exam.example", "exam.example", "exam.example"),
        ("https://exam.example", "http://127.0.0.1:81/", "http://127.0.0.1:81", "exam.example", "exam.example"),
        ("http://exam.example:8080", None, "http://exam.example:8080", "exam.example:8080", "exam.example"),
    ],
)
def test_where_to_connect(url: str, address: str | None, base: str, netloc: str, hostname: str) -> None:
    place = Place(url, address)
    assert (place.base, place.netloc, place.hostname) == (base, netloc, hostname)


def test_commands_need_a_connection() -> None:
    with Student(URL, "x", PASSWORD) as one, pytest.raises(RuntimeError, match="connect"):
        one.save("x.py", "")


def test_a_closed_web_lets_go() -> None:
    with playing(Application(recorded("health"))) as address:
        with closing(Web(Place(URL, address))) as web:
            assert web.get("/health").body["status"] == "healthy"
        with pytest.raises(RuntimeError):
            web.get("/health")


def test_many_students_read_the_trusted_certificates_once(monkeypatch: pytest.MonkeyPatch) -> None:
    web._trusted.cache_clear()
    reads: list[str] = []
    read = ssl.create_default_context

    def counted(*given: Any, **named: Any) -> ssl.SSLContext:
        reads.append("")
        return read(*given, **named)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    for _ in range(5):
        Student(URL, "student01", PASSWORD).close()
    assert len(reads) == 1
