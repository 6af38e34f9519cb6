"""What students' programs may hold in the sandbox's web IDE: the few statements it interprets, and nothing else."""

import ast
import builtins
import os
import subprocess
import time
from typing import Any

import pytest

from sandbox.application import accounts, cost, expressions, interpreter, values
from sandbox.application.output import Console, too_much
from sandbox.application.values import EndedError, Frame, RefusedError


class World:
    """What a program printed, asked and slept."""

    def __init__(self, *answers: str, turns: int = 10**9) -> None:
        self.printed, self.errors, self.slept, self.asked = "", "", 0.0, list[str]()
        self._answers, self._turns = list(answers), turns

    @property
    def ended(self) -> bool:
        self._turns -= 1
        return self._turns < 0

    @ended.setter
    def ended(self, ended: bool) -> None:
        self._turns = 0 if ended else self._turns

    def write(self, text: str, *, error: bool = False) -> None:
        if error:
            self.errors += text
        else:
            self.printed += text

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self._answers.pop(0)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def run(source: str, world: World | None = None, *, interactive: bool = False) -> str:
    world = world or World()
    interpreter.program(source, interactive=interactive)(Frame(world))
    return world.printed


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("print('a')", "a\n"),
        ("print('a', 1, 2.5, True, None, sep='-', end='.')", "a-1-2.5-True-None."),
        ("x = 3\nx += 4 * 2\nprint(x, x / 2, x // 2, x % 4, -x, 2 ** 3)", "11 5.5 5 3 -11 8\n"),
        ("x = 2\nprint(f'{x} {x * 1.5:.2f}|{x:>3}|{x}')", "2 3.00|  2|2\n"),
        ("print('ab' * 2 + 'c')", "ababc\n"),
        ("for i in range(2, 8, 2):\n    print(i)", "2\n4\n6\n"),
        (
            "for i in range(9):\n    if i == 1:\n        continue\n    elif i > 2:\n        break\n    print(i)",
            "0\n2\n",
        ),
        ("n = 3\nwhile n:\n    n -= 1\nelse_ = n\nprint(else_)", "0\n"),
        ("while True:\n    break\nprint(not False and 1 or 2, 1 < 2, 'a' != 'b')", "1 True True\n"),
        ("import pandas as pd, matplotlib.pyplot as plt\nimport sys\nprint('imported')", "imported\n"),
        ("print(sum(range(101)), len('four'), int('4') + float('0.5'), str(1) + '2')", "5050 4 4.5 12\n"),
    ],
)
def test_programs_do_what_python_does(source: str, printed: str) -> None:
    assert run(source) == printed
    real: list[str] = []

    def write(*parts: Any, sep: str = " ", end: str = "\n") -> None:
        real.append(sep.join(map(str, parts)) + end)

    # The cases are this file's own; pandas and matplotlib need not be installed.
    text = "\n".join(line for line in source.splitlines() if not line.startswith("import"))
    exec(text, {"print": write})  # noqa: S102
    assert "".join(real) == printed


def test_input_sleep_and_standard_error() -> None:
    world = World("4", "5")
    source = "import time, sys\na = int(input('a? '))\nb = int(input())\ntime.sleep(0.5)\nsys.stderr.write('w')\nprint(a + b)"
    assert run(source, world) == "9\n"
    assert (world.asked, world.slept, world.errors) == (["a? ", ""], 0.5, "w")


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        ("x = 1 / 0", ZeroDivisionError, "division by zero"),
        ("print(y)", NameError, "name 'y' is not defined"),
        ("import time\ntime.sleep('x')", ValueError, "could not convert"),
        ("time.sleep(1)", NameError, "name 'time' is not defined"),
        ("raise ValueError('own', 2)", ValueError, "own"),
        ("int('x')", ValueError, "invalid literal"),
        ("'a' + 1", TypeError, "concatenate"),
        ("import sys\nsys.exit(3)", SystemExit, "3"),
        ("exit()", SystemExit, "None"),
        ("print('a'\n", SyntaxError, "line 1"),
    ],
)
def test_errors_are_pythons_own(source: str, error: type[BaseException], text: str) -> None:
    with pytest.raises(error, match=text):
        run(source)


REFUSED = [
    "import os",
    "import pandas, os",
    "import os as time",
    "import subprocess as sys",
    "from os import system",
    "from time import sleep",
    "__import__('os')",
    "open('x', 'w')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'exec')",
    "getattr(1, 'real')",
    "globals()",
    "type(1)",
    "breakpoint()",
    "''.join('a')",
    "().__class__.__bases__[0].__subclasses__()",
    "x = ''.__class__",
    "print.__self__",
    "import time\nx = time.sleep",
    "import time\ntime.time()",
    "import sys\nsys.modules",
    "import sys\nsys.stderr.buffer.write('x')",
    "import sys\nsys.stderr.write.__self__",
    "import sys as time\nsys.exit.__call__()",
    "f'{print.__self__}'",
    "f'{1!r:{10**9}}'",
    "f'{1:1000000000}'",
    "f'{(lambda: 1)()}'",
    "print('a', file=1)",
    "print(*'ab')",
    "print(**1)",
    "input(prompt='x')",
    "(lambda: 1)()",
    "def f():\n    pass",
    "class A:\n    pass",
    "async def f():\n    pass",
    "x = [1]",
    "x = {1: 2}",
    "x = (1, 2)",
    "x = {i for i in range(2)}",
    "x = (i for i in range(2))",
    "'abc'[0]",
    "x = y = 1",
    "x, y = 1, 2",
    "x.y = 1",
    "x: int = 1",
    "(x := 1)",
    "x = 1 if 2 else 3",
    "1 < 2 < 3",
    "1 in range(2)",
    "1 is 1",
    "1 << 100000000",
    "~1",
    "1 @ 2",
    "b'bytes'",
    "1j",
    "...",
    "global x",
    "del x",
    "with open('x') as f:\n    pass",
    "try:\n    pass\nexcept Exception:\n    pass",
    "assert True",
    "raise",
    "raise SystemExit(1)",
    "raise KeyboardInterrupt()",
    "raise ValueError('x') from None",
    "for i in range(2):\n    pass\nelse:\n    pass",
    "match 1:\n    case _:\n        pass",
]


@pytest.mark.parametrize("rest", REFUSED)
def test_a_program_that_holds_anything_else_does_not_even_begin(rest: str) -> None:
    world = World()
    with pytest.raises((RefusedError, SyntaxError)):
        run(f"print('begun')\n{rest}\n", world)
    assert world.printed == ""


def test_names_of_functions_are_no_values() -> None:
    for name in (*values.FUNCTIONS, "__builtins__", "__name__", *dir(builtins)):
        with pytest.raises((NameError, RefusedError, SyntaxError)):
            run(f"x = {name}") if name not in ("True", "False", "None", "__debug__") else run("undefined")


@pytest.mark.parametrize(
    "source",
    [
        "print('x' * 10 ** 9)",
        "print(10 ** 9 * 'x')",
        "x = 'x' * 1000\nfor i in range(100):\n    x = x + x",
        "print(9 ** 9 ** 9)",
        "x = 7 ** 1000\nfor i in range(100):\n    x *= x",
        "print('%1000000000d' % 1)",
        "print(sum(range(10 ** 18)))",
        "for i in 'abc':\n    print(i)",
    ],
)
def test_nothing_grows_without_bounds(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(RefusedError):
        run(source)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("source", ["while True:\n    pass", "for i in range(10 ** 9):\n    pass", "print(1)\n" * 200])
def test_every_line_looks_whether_it_is_to_end(source: str) -> None:
    with pytest.raises(EndedError):
        run(source, World(turns=100))


def test_a_client_cannot_reach_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever could act on the machine is replaced by an alarm, then every refused program is tried once more."""

    def alarm(*_: Any, **__: Any) -> None:
        pytest.fail("a client's text was executed")

    dangers = ((os, "system"), (subprocess, "Popen"), (builtins, "open"), (builtins, "eval"), (builtins, "exec"))
    with monkeypatch.context() as patch:
        for owner, name in dangers:
            patch.setattr(owner, name, alarm)
        outcomes = [_outcome(text) for text in REFUSED]
    assert set(outcomes) == {"refused"}


def _outcome(text: str) -> str:
    try:
        return run(text)
    except (RefusedError, SyntaxError):
        return "refused"


def test_what_it_is_made_of_is_no_more_than_this() -> None:
    """A new entry in a table is a decision: it is made here too."""
    assert set(values.FUNCTIONS) == {
        "<show>",
        "print",
        "input",
        "range",
        "sum",
        "int",
        "float",
        "str",
        "len",
        "exit",
        "quit",
    }
    assert set(values.DOTTED) == {"time.sleep", "sys.exit", "sys.stderr.write"}
    statements = {ast.Expr, ast.Assign, ast.AugAssign, ast.If, ast.While, ast.For, ast.Import, ast.Raise, ast.Pass}
    assert set(interpreter.STATEMENTS) == statements | {ast.Break, ast.Continue}
    simple = {
        ast.Constant,
        ast.Name,
        ast.BinOp,
        ast.UnaryOp,
        ast.BoolOp,
        ast.Compare,
        ast.JoinedStr,
        ast.FormattedValue,
    }
    assert set(expressions.EXPRESSIONS) == simple | {ast.Call}


def test_the_prompt_shows_values() -> None:
    assert run("1 + 2\n'a'\nNone\nx = 1", interactive=True) == "3\n'a'\n"


@pytest.mark.parametrize(
    ("text", "seconds", "ends"),
    [
        ("", 0, False),
        ("".join(f"line {number}\n" for number in range(45)), 0.1, False),
        ("".join(f"a line with a longer text, number {number}\n" for number in range(200)), 0.1, True),
        ("".join(f"line {number}\n" for number in range(300)), 0.1, False),
        ("".join(f"line {number}\n" for number in range(300)), 2.9, True),
        ("".join(f"line {number}\n" for number in range(250)), 2.9, False),
        ("x\n" * 499, 0.1, False),
        ("x\n" * 500, 0.1, True),
        ("".join(f"{number}\n" for number in range(10_000)), 0.1, True),
    ],
)
def test_the_output_guard(text: str, seconds: float, ends: bool) -> None:
    assert bool(too_much(text, seconds)) == ends


def test_prints_go_to_the_run_that_started_last(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    first, second = console.replaced(), console.replaced()
    one = first.__enter__()
    console.write("a")
    two = second.__enter__()
    console.write("b")  # whoever prints it
    first.__exit__(None, None, None)
    console.write("c")
    second.__exit__(None, None, None)
    console.write("d", error=True)
    assert (one.output, two.output, capsys.readouterr().out) == ("a", "b", "c")
    assert one.errors == "d"  # it had found the first one's, which has ended


@pytest.mark.parametrize(
    "source",
    [
        "for n in range(50_000):\n    pass",
        "n = 0\nwhile n < 50_000:\n    n += 1",
        "for a in range(5):\n    for b in range(10_000):\n        pass",
    ],
)
def test_a_turn_of_a_loop_costs_no_less_than_in_the_application(source: str) -> None:
    begun = time.thread_time()
    run(source)
    assert time.thread_time() - begun >= 50_000 * cost.TURN


def test_a_login_costs_what_it_costs_in_the_application() -> None:
    stored = accounts.hashed("planted-5c1d")
    for password, right in (("planted-5c1d", True), ("planted-5c1e", False)):
        begun = time.thread_time()
        assert accounts.matches(password, stored) is right
        assert time.thread_time() - begun >= cost.LOGIN
