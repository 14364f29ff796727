"""Terms that a user writes: as text, or as plain functions of symbols."""

from __future__ import annotations

import ast
import inspect
import itertools
from typing import Any

from inscape.errors import InputError, UnknownNameError


def term_expressions(function: Any, variables: list[Any]) -> list[Any]:
    """The sympy expressions of one user term over the variables.

    Raises
    ------
    InputError : if the text is not arithmetic, or the function does not take symbols.
    UnknownNameError : if the text uses a name that is neither a variable nor in `inscape.systems.symbols`.
    """
    import sympy

    by_name = {str(v): v for v in variables}
    if isinstance(function, str):
        return [_parsed(function, by_name)]
    if not callable(function):
        raise InputError(f"functions: {function!r} found, expected a text or a function of symbols")
    try:
        arguments = [a.name for a in inspect.signature(function).parameters.values()]
    except ValueError:
        arguments = ["_"]
    if all(a in by_name for a in arguments):
        groups: list[tuple[Any, ...]] = [tuple(by_name[a] for a in arguments)]
    else:
        groups = list(itertools.combinations(variables, len(arguments)))
    try:
        return [sympy.sympify(function(*group)) for group in groups]
    except (TypeError, AttributeError) as error:
        raise InputError(
            f"functions: {getattr(function, '__name__', function)!r} does not take symbols ({error}); "
            "write it with the functions of inscape.systems.symbols"
        ) from None


def _parsed(text: str, by_name: dict[str, Any]) -> Any:
    import sympy

    from inscape.systems import symbols

    vocabulary = {name: getattr(symbols, name) for name in symbols.__all__}
    source = text.replace("^", "**")
    try:
        tree = ast.parse(source, mode="eval")
    except SyntaxError:
        raise InputError(f"functions: {text!r} is not an expression") from None
    # The text may come from a file: names, numbers and arithmetic are read, nothing else is evaluated.
    arithmetic = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    allowed = (ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, *arithmetic)
    for node in ast.walk(tree):
        number = not isinstance(node, ast.Constant) or (isinstance(node.value, (int, float)) and node.value is not True)
        if not isinstance(node, allowed) or not number:
            raise InputError(f"functions: {text!r} holds something other than names, numbers and arithmetic")
        if isinstance(node, ast.Name) and node.id not in by_name and node.id not in vocabulary:
            raise UnknownNameError("variable", node.id, [*by_name, *vocabulary])
    scope = {**vocabulary, **by_name, "__builtins__": {}}
    return sympy.sympify(eval(compile(tree, "<term>", "eval"), scope))
