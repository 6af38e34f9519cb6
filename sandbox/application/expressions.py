"""The expressions that students' programs may hold, each a closure that gives its value (interpreter.py)."""

import ast
from collections.abc import Callable
from typing import Any

from sandbox.application.values import (
    ARITHMETIC,
    COMPARISONS,
    DOTTED,
    FORMAT,
    FUNCTIONS,
    Frame,
    Function,
    RefusedError,
    bounded,
)

Expression = Callable[[Frame], Any]


def refusal(node: ast.AST, what: str = "") -> RefusedError:
    """Why a program is not interpreted, with the line."""
    return RefusedError(f"line {getattr(node, 'lineno', 1)}: {what or type(node).__name__} is not interpreted here")


def expression(node: ast.expr) -> Expression:
    """What gives an expression's value; raises RefusedError for what is not interpreted."""
    if type(node) not in EXPRESSIONS:
        raise refusal(node)
    return EXPRESSIONS[type(node)](node)


def _constant(node: ast.Constant) -> Expression:
    value = node.value
    if not isinstance(value, int | float | str | None):
        raise refusal(node, type(value).__name__)
    return lambda _: value


def _variable(node: ast.Name) -> Expression:
    name = node.id

    def read(frame: Frame) -> Any:
        try:
            return frame.names[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None

    return read


def _arithmetic(node: ast.BinOp) -> Expression:
    if type(node.op).__name__ not in ARITHMETIC:
        raise refusal(node, type(node.op).__name__)
    left, right, apply = expression(node.left), expression(node.right), ARITHMETIC[type(node.op).__name__]
    return lambda frame: bounded(apply(left(frame), right(frame)))


def _unary(node: ast.UnaryOp) -> Expression:
    value = expression(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda frame: not value(frame)
    if isinstance(node.op, ast.USub):
        return lambda frame: -value(frame)
    raise refusal(node, type(node.op).__name__)


def _both(node: ast.BoolOp) -> Expression:
    values, wanted = [expression(value) for value in node.values], isinstance(node.op, ast.And)

    def decide(frame: Frame) -> Any:
        for value in values[:-1]:
            found = value(frame)
            if bool(found) is not wanted:
                return found
        return values[-1](frame)

    return decide


def _compare(node: ast.Compare) -> Expression:
    kind = type(node.ops[0]).__name__
    if len(node.ops) > 1 or kind not in COMPARISONS:
        raise refusal(node, "such a comparison")
    left, right, apply = expression(node.left), expression(node.comparators[0]), COMPARISONS[kind]
    return lambda frame: apply(left(frame), right(frame))


def _text(node: ast.JoinedStr) -> Expression:
    parts = [expression(part) for part in node.values]
    return lambda frame: bounded("".join(part(frame) for part in parts))


def _formatted(node: ast.FormattedValue) -> Expression:
    value, form = expression(node.value), ""
    if node.format_spec:
        form = ast.unparse(node.format_spec)[2:-1]
    if node.conversion != -1 or not FORMAT.fullmatch(form):
        raise refusal(node)
    return lambda frame: format(value(frame), form)


def _call(node: ast.Call) -> Expression:
    name, root, function = _called(node.func)
    if any(keyword.arg not in ("sep", "end") or name != "print" for keyword in node.keywords):
        raise refusal(node, "such an argument")
    arguments = [expression(argument) for argument in node.args]
    keywords = [(str(keyword.arg), expression(keyword.value)) for keyword in node.keywords]

    def call(frame: Frame) -> Any:
        if root:
            root(frame)
        named = {key: value(frame) for key, value in keywords}
        return function(frame, *[argument(frame) for argument in arguments], **named)

    return call


def _called(node: ast.expr) -> tuple[str, Expression | None, Function]:
    """The function's name, what reads its module's name, and what it is here."""
    name = ast.unparse(node)
    if isinstance(node, ast.Name) and name in FUNCTIONS:
        return name, None, FUNCTIONS[name]
    if isinstance(node, ast.Attribute) and name in DOTTED:
        return name, _variable(ast.Name(name.partition(".")[0])), DOTTED[name]
    raise refusal(node, f"{name[:40]}()")


EXPRESSIONS: dict[type[ast.expr], Callable[[Any], Expression]] = {
    ast.Constant: _constant,
    ast.Name: _variable,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _unary,
    ast.BoolOp: _both,
    ast.Compare: _compare,
    ast.JoinedStr: _text,
    ast.FormattedValue: _formatted,
    ast.Call: _call,
}
