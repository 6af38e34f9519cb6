"""All checks at once, each within its time limit; whatever befalls one hides no other."""

import queue
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from components.aws import DENIED
from components.errors import DeniedError, ExamError
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, unknown

POLICY = "have it allowed (docs/iam/readiness.json)"
# AWS's own words: "... is not authorized to perform: ecs:DescribeServices on resource: ..."
ACTION = re.compile(r"perform: (\S+:\w+)")


def run(context: Context, checks: Sequence[Check]) -> Iterator[tuple[Check, list[Row]]]:
    """Every check with its rows, as they come. Raises nothing: what went wrong is a row.

    No limit counts the time that this machine takes to make the clients: a busy one takes seconds.
    """
    answers: queue.SimpleQueue[tuple[int, list[Row]]] = queue.SimpleQueue()
    start = time.monotonic()
    waiting = {number: check.limit for number, check in enumerate(checks)}

    def taken() -> float:
        return time.monotonic() - start - context.making

    for number, check in enumerate(checks):
        # A daemon: a check that hangs must not keep the program from ending.
        args = (answers, number, check, context)
        threading.Thread(target=_answer, args=args, daemon=not check.writes).start()
    while waiting:
        try:
            number, rows = answers.get(timeout=max(0, min(waiting.values()) - taken()))
        except queue.Empty:
            now = taken()
            for late in [number for number, limit in waiting.items() if limit <= now]:
                del waiting[late]
                yield checks[late], [_late(checks[late])]
        else:
            if waiting.pop(number, None) is not None:
                yield checks[number], rows


def _answer(answers: "queue.SimpleQueue[tuple[int, list[Row]]]", number: int, check: Check, context: Context) -> None:
    answers.put((number, rows_of(check, context)))


def rows_of(check: Check, context: Context) -> list[Row]:
    """The check's rows, without a time limit; an error of any kind is an unknown row."""
    try:
        judged = check.judge(context.settings, check.read(context))
    except Exception as error:
        return [_refused(check, error)]
    rows = [judged] if isinstance(judged, Row) else judged
    return [replace(row, todo=row.todo.replace("{stack}", context.stack)) for row in rows]


def _late(check: Check) -> Row:
    return unknown(check.area, check.name, f"no answer within {check.limit:g} s", todo="try again; check the network")


def _refused(check: Check, error: Exception) -> Row:
    """The row of an error, never with the text of one that nobody expected: it may repeat anything."""
    match error:
        case DeniedError():
            found, todo = str(error).partition(";")[0], POLICY
        case ExamError():
            found, _, todo = str(error).splitlines()[0].partition("; ")
        case ClientError() if error.response["Error"]["Code"] in DENIED:
            action = ACTION.search(error.response["Error"].get("Message", ""))
            found, todo = f"no permission for {action[1] if action else error.operation_name}", POLICY
        case ClientError():
            answer = error.response["Error"]
            found, todo = f"{error.operation_name}: {answer['Code']}: {answer.get('Message', '')}", "try again"
        case BotoCoreError():
            found, todo = " ".join(str(error).split()), "try again; check the network and the AWS credentials"
        case _:
            found, todo = f"the check failed itself: {type(error).__name__} in {_place(error)}", "report it"
    return unknown(check.area, check.name, found, todo=todo)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
