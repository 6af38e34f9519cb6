"""Students' programs, read as far as this project's own need it. A client's text is never executed.

A program is parsed and put together from closures, one a node: fast enough that a turn of a loop costs less than in the
application, and the rest is paid (cost.py). STATEMENTS here, EXPRESSIONS in expressions.py and the tables of values.py
are everything that it can be made of; whatever else it holds is refused before its first line.
"""

import ast
from collections.abc import Callable
from typing import Any

from sandbox.application.cost import Turns
from sandbox.application.expressions import expression, refusal
from sandbox.application.values import ERRORS, MODULES, SHOW, EndedError, Frame, Module

# Gives Break or Continue when the loop around it is to do so.
Step = Callable[[Frame], type[ast.stmt] | None]


def program(source: str, *, interactive: bool = False) -> Step:
    """What runs a program's text in a frame; `interactive` prints the values of bare expressions.

    Raises SyntaxError, and RefusedError for what is not interpreted. Running it raises what the program raises, also
    SystemExit, and EndedError when its world is ended.
    """
    tree = ast.parse(source)
    return _block([_shown(node) if interactive and isinstance(node, ast.Expr) else node for node in tree.body])


def _shown(node: ast.Expr) -> ast.Expr:
    shown = ast.Call(ast.Name(SHOW), [node.value], [])
    return ast.copy_location(ast.Expr(ast.copy_location(shown, node)), node)


def _block(nodes: list[ast.stmt]) -> Step:
    steps = [(node.lineno, _statement(node)) for node in nodes]

    def run(frame: Frame) -> type[ast.stmt] | None:
        for line, step in steps:
            if frame.world.ended:
                raise EndedError
            frame.line = line
            if signal := step(frame):
                return signal
        return None

    return run


def _statement(node: ast.stmt) -> Step:
    if type(node) not in STATEMENTS:
        raise refusal(node)
    return STATEMENTS[type(node)](node)


def _name(node: ast.expr) -> str:
    if not isinstance(node, ast.Name):
        raise refusal(node)
    return node.id


def _bare(node: ast.Expr) -> Step:
    value = expression(node.value)

    def run(frame: Frame) -> None:
        value(frame)

    return run


def _assign(node: ast.Assign | ast.AugAssign) -> Step:
    if isinstance(node, ast.AugAssign):
        name, value = _name(node.target), expression(_augmented(node))
    elif len(node.targets) == 1:
        name, value = _name(node.targets[0]), expression(node.value)
    else:
        raise refusal(node)

    def run(frame: Frame) -> None:
        frame.names[name] = value(frame)

    return run


def _augmented(node: ast.AugAssign) -> ast.expr:
    read = ast.copy_location(ast.Name(_name(node.target)), node)
    return ast.copy_location(ast.BinOp(read, node.op, node.value), node)


def _if(node: ast.If) -> Step:
    test, yes, no = expression(node.test), _block(node.body), _block(node.orelse)
    return lambda frame: yes(frame) if test(frame) else no(frame)


def _while(node: ast.While) -> Step:
    test, body = expression(node.test), _block(node.body)
    if node.orelse:
        raise refusal(node, "else of a loop")

    def run(frame: Frame) -> None:
        turns = Turns()
        while test(frame):
            if body(frame) is ast.Break:
                break
            turns.another()

    return run


def _for(node: ast.For) -> Step:
    name, values, body = _name(node.target), expression(node.iter), _block(node.body)
    if node.orelse:
        raise refusal(node, "else of a loop")

    def run(frame: Frame) -> None:
        numbers = values(frame)
        if not isinstance(numbers, range):
            raise refusal(node, "a loop over anything but a range")
        turns = Turns()
        for number in numbers:
            frame.names[name] = number
            if body(frame) is ast.Break:
                break
            turns.another()

    return run


def _import(node: ast.Import) -> Step:
    modules = [(alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names]
    if unknown := [name for name, _ in modules if name not in MODULES]:
        raise refusal(node, f"import {unknown[0]}")

    def run(frame: Frame) -> None:
        for module, name in modules:
            frame.names[name] = Module(module)

    return run


def _raise(node: ast.Raise) -> Step:
    call = node.exc
    if node.cause or not isinstance(call, ast.Call) or call.keywords or _name(call.func) not in ERRORS:
        raise refusal(node)
    error, arguments = ERRORS[_name(call.func)], [expression(argument) for argument in call.args]

    def run(frame: Frame) -> None:
        raise error(*(argument(frame) for argument in arguments))

    return run


STATEMENTS: dict[type[ast.stmt], Callable[[Any], Step]] = {
    ast.Expr: _bare,
    ast.Assign: _assign,
    ast.AugAssign: _assign,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.Import: _import,
    ast.Raise: _raise,
    ast.Pass: lambda _: lambda _: None,
    ast.Break: lambda _: lambda _: ast.Break,
    ast.Continue: lambda _: lambda _: ast.Continue,
}
