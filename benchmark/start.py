"""The program's start by part: `python -m benchmark.start <stack> <account> <when it was started>` prints the seconds.

It runs __main__.py from a bare interpreter until the first resource is registered, on AWS as it is, with Pulumi's mocks
in the engine's place: what the engine does meanwhile is no part of it. Moments are time.monotonic()'s, which all
processes share.
"""

import ast
import json
import os
import runpy
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PROGRAM = PROJECT / "__main__.py"


class Laps:
    """Seconds by part, each from the end of the part before."""

    def __init__(self, start: float) -> None:
        """The first part began at `start`."""
        self.seconds: dict[str, float] = {}
        self._last = start

    def end(self, part: str) -> None:
        """A part ends now."""
        now = time.monotonic()
        self.seconds[part], self._last = now - self._last, now

    def timed(self, part: str, function: Callable[..., Any], *, before: str = "the rest") -> Callable[..., Any]:
        """The function as a part of its own; what was done since the part before it is `before`."""

        def run(*given: Any) -> Any:
            self.end(before)
            result = function(*given)
            self.end(part)
            return result

        return run


def imports(program: Path) -> CodeType:
    """The import statements of a program."""
    body = [node for node in ast.parse(program.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return compile(ast.Module(list(body), []), str(program), "exec")


def main(stack: str, account: str, started: float) -> None:
    """Run the program; the process ends with the first resource that it registers."""
    laps = Laps(started)
    laps.end("the interpreter")
    import pulumi  # noqa: PLC0415 - it is what is timed

    laps.end("import of Pulumi's SDK")
    exec(imports(PROGRAM), {})  # noqa: S102 - the program's own statements
    laps.end("the program's other imports")

    from components import guard, program, stack_files  # noqa: PLC0415 - imported by now

    first = threading.Lock()

    class Engine(pulumi.runtime.Mocks):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
            if not args.typ.startswith("aws:"):
                return args.name, {}
            first.acquire()  # and never released: the other resources wait for the end
            laps.end("until the first resource")
            # In one piece: the program may be in the middle of a line.
            os.write(sys.stdout.fileno(), f"\n{json.dumps(laps.seconds)}\n".encode())
            os._exit(0)

        def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
            return {"accountId": account, "arn": "", "id": "", "userId": ""}, []

    os.chdir(PROJECT)
    pulumi.runtime.set_mocks(Engine(), project="pythonide-exam", stack=stack, preview=True)
    pulumi.runtime.set_all_config({"aws:region": os.environ["AWS_REGION"]})
    program.settings = lambda: stack_files.read_settings(PROJECT, stack)
    program.read_live = laps.timed("live reads", program.read_live, before="settings")
    guard.guard = laps.timed("the guard", guard.guard, before="what changes")
    pulumi.runtime.test(lambda: runpy.run_path(str(PROGRAM), run_name="__main__"))()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
