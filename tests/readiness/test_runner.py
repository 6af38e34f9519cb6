"""One check that is refused, hangs or breaks hides no other."""

import ast
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from components.errors import DeniedError, ExamError
from components.settings import Settings
from readiness.check import Check
from readiness.checks import CHECKS
from readiness.context import Context
from readiness.row import UP, Row, Verdict, fail, ok
from readiness.runner import POLICY, run
from tests.postures import ROOT, SECRET
from tests.readiness.worlds import EXAM, IDLE

MESSAGE = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: ecr:DescribeImages on resource: r"


def context() -> Context:
    return Context(EXAM, "exam", IDLE, access=None)  # type: ignore[arg-type]


def check(name: str, read: Any, limit: float = 4) -> Check:
    return Check("area", name, read, lambda _, found: ok("area", name, str(found)), limit)


def raising(error: Exception) -> Any:
    def read(_: Context) -> None:
        raise error

    return read


def rows_of(*checks: Check) -> dict[str, Row]:
    return {row.name: row for _, rows in run(context(), checks) for row in rows}


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeImages")


@pytest.mark.parametrize(
    ("error", "found", "todo"),
    [
        (refusal("AccessDeniedException", MESSAGE), "no permission for ecr:DescribeImages", POLICY),
        (refusal("UnauthorizedOperation", "no"), "no permission for DescribeImages", POLICY),
        (DeniedError("no permission for DescribeServices; ask"), "no permission for DescribeServices", POLICY),
        (refusal("Throttling", "Rate exceeded"), "DescribeImages: Throttling: Rate exceeded", "try again"),
        (ExamError("no log group; set one; soon\nmore"), "no log group", "set one; soon"),
        (
            EndpointConnectionError(endpoint_url="http://x"),
            'Could not connect to the endpoint URL: "http://x"',
            "try again; check the network and the AWS credentials",
        ),
    ],
)
def test_an_error_is_an_unknown_row_of_its_own(error: Exception, found: str, todo: str) -> None:
    rows = rows_of(check("first", raising(error)), check("second", lambda _: "there"))
    assert rows["first"] == Row("area", "first", Verdict.UNKNOWN, found, "", todo)
    assert rows["second"] == ok("area", "second", "there")


def test_a_broken_check_says_where_and_nothing_of_what_it_held() -> None:
    def broken(_: Context) -> None:
        raise ValueError(f"cannot parse postgresql://exam:{SECRET}@db.internal")

    row = rows_of(check("broken", broken))["broken"]
    assert row.verdict is Verdict.UNKNOWN
    assert row.found.startswith("the check failed itself: ValueError in test_runner.py:")
    assert SECRET not in str(row)


def test_a_broken_judge_is_the_checks_own_error_too() -> None:
    def judge(_: Settings, found: dict[str, str]) -> Row:
        return ok("area", "judged", found["missing"])

    row = rows_of(Check("area", "judged", lambda _: {}, judge))["judged"]
    assert row.found.startswith("the check failed itself: KeyError in test_runner.py:")


def test_what_hangs_is_left_behind_at_its_own_limit() -> None:
    release = threading.Event()
    start = time.monotonic()
    come = []
    try:
        checks = [
            check("hanging", lambda _: release.wait(30), 0.3),
            check("slow", lambda _: time.sleep(0.6), 2),
            check("quick", lambda _: "there"),
        ]
        for one, (row,) in run(context(), checks):
            come.append((one.name, row.verdict, row.found))
    finally:
        release.set()
    assert time.monotonic() - start < 2
    assert come == [
        ("quick", Verdict.OK, "there"),
        ("hanging", Verdict.UNKNOWN, "no answer within 0.3 s"),
        ("slow", Verdict.OK, "None"),
    ]


def test_the_making_of_clients_is_not_a_checks_time() -> None:
    def read(context: Context) -> str:
        context.making += 1
        time.sleep(0.3)
        return "there"

    assert rows_of(check("slow machine", read, 0.1))["slow machine"].found == "there"


def test_the_program_does_not_end_before_what_has_to_clean_up() -> None:
    def daemon(_: Context) -> bool:
        return threading.current_thread().daemon

    rows = rows_of(check("reads", daemon), replace(check("writes", daemon), writes=True))
    assert (rows["reads"].found, rows["writes"].found) == ("True", "False")
    assert [one.area for one in CHECKS if one.writes] == ["application"]


def test_the_stack_is_named_in_what_to_do() -> None:
    row = rows_of(Check("area", "x", lambda _: None, lambda *_: [fail("area", "x", "found", todo=UP)]))["x"]
    assert row.todo == "pulumi up -s exam"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.area}-{check.name}")
def test_every_check_is_unknown_where_nothing_may_be_read(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise DeniedError("no permission for DescribeServices while looking for it; have it allowed")

    monkeypatch.delenv("EXAM_TEST_USER", raising=False)
    monkeypatch.setattr(Context, "live", property(denied))
    monkeypatch.setattr(Context, "client", denied)
    nowhere = Context(EXAM.model_copy(update={"url": "http://127.0.0.1:9"}), "exam", IDLE, access=None)  # type: ignore[arg-type]
    ((_, rows),) = run(nowhere, [check])
    assert {row.area for row in rows} == {check.area}
    assert {row.verdict for row in rows} <= {Verdict.UNKNOWN, Verdict.FAIL}
    if check.area not in ("health", "application"):
        assert {(row.verdict, row.todo) for row in rows} == {(Verdict.UNKNOWN, POLICY)}


def test_every_row_says_what_was_wanted_and_one_that_is_not_ok_what_to_do() -> None:
    files = [*(ROOT / "readiness" / "checks").glob("*.py"), ROOT / "readiness" / "submissions.py"]
    nodes = [(file.stem, node) for file in files for node in ast.walk(ast.parse(file.read_text()))]
    made = [(stem, ast.unparse(node.func), node) for stem, node in nodes if isinstance(node, ast.Call)]
    bad = [node for _, name, node in made if name in ("warn", "fail", "unknown")]
    # What an exam cost, and whose folder is how large, is as it is.
    good = [node for stem, name, node in made if name == "ok" and stem not in ("after_cost", "submissions")]
    assert min(len(bad), len(good)) > 30
    silent = [call for call in bad if len(call.args) < 5 and "todo" not in {word.arg for word in call.keywords}]
    assert [ast.unparse(call) for call in [*silent, *(call for call in good if len(call.args) < 4)]] == []


def test_no_two_checks_have_one_name() -> None:
    names = [(check.area, check.name) for check in CHECKS]
    assert len(names) == len(set(names))
