"""Formulas as text to sympy: Python's grammar reads them, and only arithmetic is let through."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sympy

from inscape.errors import InputError, nearest_names
from inscape.systems import symbols

LONGEST = 200_000
_LARGEST_EXACT_POWER = 1_000
_HIDDEN = "keyword_"
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "⋅": "*", "∗": "*"})
_ALLOWED_KEYWORDS = {"and", "or", "not", "if", "else", "True", "False"}


@dataclass
class Vocabulary:
    """What the names in a formula mean.

    Parameters
    ----------
    symbols : expression of every name.
    states : names of state variables, which may be written x(t - tau) in a flow.
    steps : in a map, what gives the next value of each state variable; x[n] and x[n+1] may be written.
    looked_back : whether a value of the past was met.
    """

    symbols: dict[str, sympy.Expr]
    states: tuple[str, ...] = ()
    steps: Mapping[str, Formula] = field(default_factory=dict)
    looked_back: bool = False
    _pending: list[str] = field(default_factory=list)

    def next_value(self, name: str, line: int) -> sympy.Expr:
        """The expression that x[n+1] stands for where it is used in another equation."""
        if name in self._pending:
            raise InputError(f"line {line}: {name}[n+1] is defined through itself")
        self._pending.append(name)
        found = self.steps[name].expression(self)
        self._pending.pop()
        return found


@dataclass(frozen=True)
class Formula:
    """A formula that was read, but not yet given a meaning.

    Parameters
    ----------
    text, line : as typed, and where.
    tree : its syntax tree, checked to hold nothing but arithmetic.
    names : the names in it that are no functions.
    delays : whether a value of the past stands in it.
    """

    text: str
    line: int
    tree: ast.expr
    names: frozenset[str]
    delays: bool

    def expression(self, vocabulary: Vocabulary) -> sympy.Expr:
        """The sympy form.

        Raises
        ------
        InputError : if a name has no meaning; the nearest known ones are named.
        """
        try:
            found = _Reader(self, vocabulary).read(self.tree)
        except RecursionError:
            raise InputError(f"line {self.line}: formula too deeply nested") from None
        if not isinstance(found, sympy.Expr):
            raise InputError(f"line {self.line}: {self.text!r} is a comparison, expected a number")
        if found.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
            raise InputError(f"line {self.line}: {self.text!r} divides by zero, or is not finite")
        return found

    def number(self, known: Mapping[str, float] | None = None) -> float:
        """The value of a formula of numbers (and of `known` names)."""
        named = {name: sympy.Float(value) for name, value in (known or {}).items()}
        value = self.expression(Vocabulary(dict(named)))
        try:
            return float(value)
        except (TypeError, OverflowError):
            raise InputError(f"line {self.line}: {self.text!r} found, expected a real number") from None


def parse_formula(text: str, line: int) -> Formula:
    """Read one formula; nothing in it is run.

    Raises
    ------
    InputError : if it is not arithmetic; the message names the line and the word.
    """
    if len(text) > LONGEST:
        raise InputError(f"line {line}: formula of {len(text)} characters found, expected at most {LONGEST}")
    plain = text.translate(_SIGNS).replace("^", "**").strip()
    plain = re.sub(r"[^\W\d]\w*", _hide_keyword, plain)
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise InputError(f"line {line}: {_complaint(text, plain, error)}") from None
    names: set[str] = set()
    delays = False
    for node in ast.walk(tree):
        if type(node) not in _ARITHMETIC:
            raise InputError(
                f"line {line}: {_excerpt(plain, node)!r} is not arithmetic; expected numbers, names, + - * / ^ "
                "and functions"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in functions():
            delays = True
        if isinstance(node, ast.Name):
            names.add(_shown(node.id))
    called = {_shown(n.func.id) for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    free = names - (called & set(functions()))
    if any(isinstance(n, ast.Subscript) for n in ast.walk(tree)):
        free -= {"n"}
    return Formula(text, line, tree, frozenset(free), delays)


_ARITHMETIC = {
    *(ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Load, ast.Call, ast.Compare, ast.BoolOp, ast.IfExp),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.Subscript, ast.Tuple),
}


class _Reader:
    def __init__(self, formula: Formula, vocabulary: Vocabulary):
        self._formula = formula
        self._words = vocabulary

    def read(self, node: ast.expr) -> Any:
        """The sympy form of one node of the syntax tree."""
        way: Callable[[Any], Any] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if way is None:
            raise self._error(f"{ast.unparse(node)!r} does not belong here")
        return way(node)

    def _error(self, what: str) -> InputError:
        return InputError(f"line {self._formula.line}: {what}")

    def _constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, bool):
            return sympy.true if value else sympy.false
        if isinstance(value, int):
            return sympy.Integer(value)
        if isinstance(value, float) and abs(value) != float("inf"):
            return sympy.Float(value)
        raise self._error(f"{value!r} found, expected a finite real number")

    def _name(self, node: ast.Name) -> Any:
        name = _shown(node.id)
        if name in self._words.symbols:
            return self._words.symbols[name]
        if name in constants():
            return constants()[name]
        if name in functions():
            raise self._error(f"{name} is a function; expected {name}(...)")
        near = nearest_names(name, {*self._words.symbols, *constants()})
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise self._error(f"{name} has no value and no equation{hint}; add a line `{name} = ...`")

    def _binop(self, node: ast.BinOp) -> Any:
        a, b = self._number(node.left), self._number(node.right)
        match node.op:
            case ast.Add():
                return a + b
            case ast.Sub():
                return a - b
            case ast.Mult():
                return a * b
            case ast.Div():
                return a / b
            case ast.Mod():
                return sympy.Mod(a, b)
        if (
            a.is_number
            and b.is_number
            and (not b.is_Integer or abs(int(b)) > _LARGEST_EXACT_POWER or len(str(a)) > 400)
        ):
            # An exact power of large numbers would take for ever; a number of sixteen digits does as well.
            try:
                return sympy.Float(float(a) ** float(b))
            except (ArithmeticError, TypeError, ValueError):
                raise self._error(f"{self._formula.text!r} holds a power that is no finite number") from None
        return a**b

    def _number(self, node: ast.expr) -> sympy.Expr:
        value = self.read(node)
        if not isinstance(value, sympy.Expr):
            raise self._error(f"{ast.unparse(node)!r} found, expected a number")
        return value

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return sympy.Not(self._condition(node.operand))
        value = self._number(node.operand)
        return -value if isinstance(node.op, ast.USub) else value

    def _condition(self, node: ast.expr) -> Any:
        value = self.read(node)
        if isinstance(value, sympy.Expr):
            raise self._error(f"{ast.unparse(node)!r} found, expected a comparison such as x > 0")
        return value

    def _compare(self, node: ast.Compare) -> Any:
        values = [self._number(v) for v in (node.left, *node.comparators)]
        relations = {ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge}
        relations |= {ast.Eq: sympy.Eq, ast.NotEq: sympy.Ne}
        pairs = zip(values[:-1], node.ops, values[1:], strict=True)
        return sympy.And(*(relations[type(op)](a, b) for a, op, b in pairs))

    def _boolop(self, node: ast.BoolOp) -> Any:
        join = sympy.And if isinstance(node.op, ast.And) else sympy.Or
        return join(*(self._condition(v) for v in node.values))

    def _ifexp(self, node: ast.IfExp) -> Any:
        return sympy.Piecewise((self._number(node.body), self._condition(node.test)), (self._number(node.orelse), True))

    def _subscript(self, node: ast.Subscript) -> Any:
        text = ast.unparse(node)
        if not isinstance(node.value, ast.Name) or _shown(node.value.id) not in self._words.steps:
            raise self._error(f"{text} found; an index stands only on a state of a map, as x[n]")
        name = _shown(node.value.id)
        index = ast.unparse(node.slice)
        if index == "n + 1":
            return self._words.next_value(name, self._formula.line)
        if index != "n":
            raise self._error(f"{text} found, expected {name}[n] or {name}[n+1]; add a state for an earlier value")
        return self._name(node.value)

    def _call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self._error(f"{ast.unparse(node)!r} is not a function of numbers")
        name = _shown(node.func.id)
        if name in self._words.states and name not in functions():
            return self._past(name, node)
        if name not in functions():
            if name in self._words.symbols:
                raise self._error(f"{name}(...) found, but {name} is a number; write {name}*(...)")
            near = ", ".join(nearest_names(name, functions()))
            raise self._error(f"{name} is not a function that is known; nearest: {near}")
        build, least, most = functions()[name]
        if not least <= len(node.args) <= most:
            raise self._error(f"{name} takes {_count(least, most)} values, {len(node.args)} found")
        if name == "Piecewise":
            return self._pieces(node)
        if name == "delayed":
            self._words.looked_back = True
        return build(*(self._number(a) for a in node.args))

    def _past(self, name: str, node: ast.Call) -> Any:
        state = self._words.symbols[name]
        if len(node.args) != 1:
            raise self._error(f"{ast.unparse(node)!r} found, expected {name}(t - delay)")
        when = self._number(node.args[0])
        if when == symbols.t:
            return state
        delay = sympy.expand(symbols.t - when)
        if delay.has(symbols.t, *(self._words.symbols[s] for s in self._words.states)):
            raise self._error(f"{ast.unparse(node)!r} found, expected {name}(t - delay), or {name}*(...) for a product")
        self._words.looked_back = True
        return symbols.delayed(state, delay)

    def _pieces(self, node: ast.Call) -> Any:
        pieces = []
        for part in node.args:
            if not isinstance(part, ast.Tuple) or len(part.elts) != 2:
                raise self._error(f"{ast.unparse(part)!r} found, expected Piecewise((value, condition), ...)")
            pieces.append((self._number(part.elts[0]), self._condition(part.elts[1])))
        return sympy.Piecewise(*pieces)


def _count(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}" if most < 1_000 else f"{least} or more"


@cache
def functions() -> dict[str, tuple[Callable[..., Any], int, int]]:
    """The functions that may be written: what they build, and the least and greatest number of their arguments."""
    one = ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "log"]
    one += ["sqrt", "floor", "ceiling", "sign", "Abs", "erf", "sec", "csc", "cot", "sech", "csch", "coth"]
    table: dict[str, tuple[Callable[..., Any], int, int]] = {name: (getattr(sympy, name), 1, 1) for name in one}
    other = {"ln": "log", "abs": "Abs", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sgn": "sign"}
    other |= {"ceil": "ceiling", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"}
    table |= {name: table[known] for name, known in other.items()}
    table |= {"sigmoid": (symbols.sigmoid, 1, 1), "delayed": (symbols.delayed, 2, 2), "atan2": (sympy.atan2, 2, 2)}
    for name, build in (("Mod", sympy.Mod), ("mod", sympy.Mod), ("modulo", sympy.Mod)):
        table[name] = (build, 2, 2)
    for name, build in (("max", sympy.Max), ("Max", sympy.Max), ("min", sympy.Min), ("Min", sympy.Min)):
        table[name] = (build, 1, 1_000)
    for name in ("heaviside", "Heaviside"):
        table[name] = (lambda u, at_zero=sympy.S.Zero: sympy.Heaviside(u, at_zero), 1, 2)
    table["Piecewise"] = (sympy.Piecewise, 1, 1_000)
    return table


@cache
def constants() -> dict[str, sympy.Expr]:
    """Names that have a value of their own, unless the text gives them another."""
    return {"pi": sympy.pi, "π": sympy.pi, "E": sympy.E, "e": sympy.E}


def _hide_keyword(match: re.Match[str]) -> str:
    word = match[0]
    return _HIDDEN + word if keyword.iskeyword(word) and word not in _ALLOWED_KEYWORDS else word


def _shown(name: str) -> str:
    return unicodedata.normalize("NFKC", name.removeprefix(_HIDDEN))


def _excerpt(plain: str, node: ast.AST) -> str:
    found = ast.get_source_segment(plain, node) if hasattr(node, "lineno") else None
    return (found or type(node).__name__).replace("**", "^").replace(_HIDDEN, "")[:60]


def _complaint(text: str, plain: str, error: BaseException) -> str:
    found = re.search(r"(?<![\w.])\d+\.?\d*\s*[^\W\d_]\w*", plain)
    if found and not re.search(r"\d[eE][-+\d]", plain):
        return f"{found[0]!r} found, expected a sign between number and name: write *"
    if isinstance(error, SyntaxError) and error.offset is not None and error.lineno == 1:
        at = max(0, min(error.offset - 1, len(plain)))
        rest = plain[at : at + 20].replace("**", "^").replace(_HIDDEN, "")
        shown = f"{text[:60]!r}"
        return f"{shown} cannot be read at {rest!r}" if rest and rest != plain[:20] else f"{shown} cannot be read"
    return f"{text[:60]!r} cannot be read as a formula"
