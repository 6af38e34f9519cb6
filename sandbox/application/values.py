"""What programs compute with and call: the few operators, functions and modules there are, each held within bounds."""

import operator
import re
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

TEXT_LIMIT, BITS_LIMIT, RANGE_LIMIT = 1_000_000, 4096, 10**9
# What may follow the colon in an f-string: alignment, width, precision, kind.
FORMAT = re.compile(r"[<>^]?\d{0,3}(\.\d{1,2})?[dfs%]?")
MODULES = ("time", "sys", "pandas", "matplotlib", "matplotlib.pyplot")
ERRORS = types.MappingProxyType({error.__name__: error for error in (ValueError, TypeError, RuntimeError)})


class RefusedError(Exception):
    """The program holds something that is not interpreted."""


class EndedError(Exception):
    """The program was ended from outside; raised at its next line."""


class World(Protocol):
    """What a program can reach."""

    ended: bool  # to be ended at its next line

    def write(self, text: str, *, error: bool = False) -> None:
        """Prints to standard output, or to standard error."""

    def ask(self, prompt: str) -> str:
        """Waits for a line of input; raises EOFError or EndedError."""

    def sleep(self, seconds: float) -> None:
        """Sleeps."""


@dataclass
class Frame:
    """A program's names, and the line it is at."""

    world: World
    names: dict[str, Any] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True)
class Module:
    """What an imported module's name stands for: nothing but its name."""

    name: str


def bounded(value: Any) -> Any:
    """The value, unless it is so large that computing on with it would harm the server."""
    large = (
        value.bit_length() > BITS_LIMIT
        if isinstance(value, int)
        else isinstance(value, str) and len(value) > TEXT_LIMIT
    )
    if large:
        raise RefusedError("so large a value is not made here")
    return value


def _multiply(left: Any, right: Any) -> Any:
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if isinstance(text, str) and isinstance(times, int) and len(text) * times > TEXT_LIMIT:
        raise RefusedError("so long a text is not made here")
    return left * right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise RefusedError("formatting by % is not interpreted here")
    return left % right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > BITS_LIMIT:
        raise RefusedError("so large a number is not made here")
    return left**right


def _sum(_: Frame, numbers: Any) -> Any:
    """One call that holds the interpreter lock until it returns: what stalls every student of a task."""
    if not isinstance(numbers, range) or len(numbers) > RANGE_LIMIT:
        raise RefusedError("only a sum over a range of bounded length is interpreted here")
    return sum(numbers)


def _print(frame: Frame, *values: Any, sep: str = " ", end: str = "\n") -> None:
    # As the real one: a text and its end are two writes, which other programs' may come between.
    frame.world.write(bounded(sep.join(map(str, values))))
    if end:
        frame.world.write(end)


def _show(frame: Frame, value: Any) -> None:
    if value is not None:
        frame.world.write(f"{value!r}\n")


def _exit(_: Frame, code: Any = None) -> None:
    raise SystemExit(code)


Function = Callable[..., Any]
ARITHMETIC = types.MappingProxyType(
    {
        "Add": operator.add,
        "Sub": operator.sub,
        "Mult": _multiply,
        "Div": operator.truediv,
        "FloorDiv": operator.floordiv,
        "Mod": _remainder,
        "Pow": _power,
    }
)
COMPARISONS = types.MappingProxyType(
    {
        "Eq": operator.eq,
        "NotEq": operator.ne,
        "Lt": operator.lt,
        "LtE": operator.le,
        "Gt": operator.gt,
        "GtE": operator.ge,
    }
)
# Each takes the frame first. The name of the one that shows a value at the prompt is none that a program can write.
SHOW = "<show>"
FUNCTIONS = types.MappingProxyType[str, Function](
    {
        SHOW: _show,
        "print": _print,
        "input": lambda frame, prompt="": frame.world.ask(str(prompt)),
        "range": lambda _, *numbers: range(*numbers),
        "sum": _sum,
        "int": lambda _, value=0: int(value),
        "float": lambda _, value=0: float(value),
        "str": lambda _, value="": str(value),
        "len": lambda _, value: len(value),
        "exit": _exit,
        "quit": _exit,
    }
)
# The same, for the only names with a dot in them; their module has to be imported.
DOTTED = types.MappingProxyType[str, Function](
    {
        "time.sleep": lambda frame, seconds: frame.world.sleep(float(seconds)),
        "sys.exit": _exit,
        "sys.stderr.write": lambda frame, text: frame.world.write(str(text), error=True),
    }
)
