"""Systems from plain text: equations as a person types them, read without running any of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError, nearest_names
from inscape.systems.definition import Definition, symbol
from inscape.systems.formula import Formula, Vocabulary, constants, parse_formula
from inscape.systems.latex_input import looks_like_latex, plain_from_latex
from inscape.systems.symbols import t

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

_NAME = r"[^\W\d]\w*"
_RATE = re.compile(rf"^(?:(?P<prime>{_NAME})\s*['’′]|d\s*(?P<top>{_NAME})\s*/\s*d\s*t|d(?P<joined>{_NAME})/dt)$")
_NEXT = re.compile(rf"^(?P<name>{_NAME})\s*(?:\[\s*n\s*\+\s*1\s*\]|_\{{?n\s*\+\s*1\}}?)$")
_START = re.compile(rf"^(?P<name>{_NAME})\s*[(\[]\s*0\s*[)\]]$")
_PLAIN = re.compile(rf"^(?P<name>{_NAME})$")
_DIRECTIVE = re.compile(
    r"^(?P<word>name|inputs?|period|units?|description|citation)\s*:\s*(?P<rest>.*)$", re.IGNORECASE
)
_UNIT = re.compile(rf"^(?P<name>{_NAME})\s*=\s*(?P<unit>.+)$")
LARGEST_TEXT = 1_000_000


@dataclass
class _Sheet:
    """What was read so far: everything by name, with the line it came from."""

    rates: dict[str, Formula] = field(default_factory=dict)
    steps: dict[str, Formula] = field(default_factory=dict)
    assigned: dict[str, Formula] = field(default_factory=dict)
    starts: dict[str, Formula] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    period: Formula | None = None


def from_text(text: str, *, name: str | None = None) -> SymbolicSystem:
    """Read a system from equations.

    One statement a line (or several, parted by ``;``), in any order::

        # the Lorenz system; a comment runs to the end of its line
        x' = sigma*(y - x)          also: dx/dt = ..., or \\dot{x} = \\sigma (y - x) in LaTeX
        y' = x*(rho - z) - y
        z' = x*y - beta*z
        sigma = 10
        rho = 28
        beta = 8/3
        x(0) = 1                    where a run starts (1 if it is not said)
        period: 0.75
        units: x = mm, time = s

    ``x[n+1] = ...`` makes a map; ``x(t - 2)`` in an equation makes a delay flow; ``inputs: u, v`` names what drives
    the system from outside. A name that is set to numbers only is a parameter; one that is set to an expression in
    other names stands for that expression. `^` and `**` are powers; the functions are those of
    `inscape.systems.symbols`, and `a if x > 0 else b` chooses.

    Parameters
    ----------
    text : the equations.
    name : what the system is called, if the text has no line ``name: ...``.

    Returns
    -------
    A Flow, Map or DelayFlow.

    Raises
    ------
    InputError : if a line cannot be read, or a name has no value; it names the line, the word and its nearest names.
    """
    if not isinstance(text, str):
        raise InputError(f"text: {type(text).__name__} found, expected a string of equations")
    if len(text) > LARGEST_TEXT:
        raise InputError(f"text: {len(text)} characters found, expected at most {LARGEST_TEXT}")
    sheet = _Sheet()
    words = frozenset(re.findall(r"\\dot\s*\{\s*([A-Za-z]{2,})\s*\}", text)) | _assigned_words(text)
    for number, statement in _statements(text):
        _read(sheet, number, statement, words)
    return _assemble(sheet, name)


def from_file(path: str | PathLike[str], *, name: str | None = None) -> SymbolicSystem:
    """Read a system from a UTF-8 text file of equations; see `from_text`. Its name is the file's if none is given."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.name}: not a text in UTF-8; expected a file of equations") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}; expected a file of equations") from None
    try:
        return from_text(text, name=name or (None if re.search(r"(?im)^\s*name\s*:", text) else file.stem))
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the numbers of their lines; one with an open bracket goes on in the next line."""
    held, held_from = "", 0
    for number, raw in enumerate(unicodedata.normalize("NFC", text).splitlines(), start=1):
        line = re.sub(r"(?<!\\)#.*$", "", raw).strip()
        if not line and not held:
            continue
        directive = _DIRECTIVE.match(line)
        if directive and not held:
            yield number, line
            continue
        if not held:
            held_from = number
        held = f"{held} {line}".strip()
        balance = sum(held.count(c) for c in "([{") - sum(held.count(c) for c in ")]}")
        if held.endswith("\\") and not held.endswith("\\\\"):
            held = held[:-1]
            continue
        if balance > 0 and number - held_from < 200:
            continue
        for part in re.split(r";|\\\\", held):
            if part.strip():
                yield held_from, part.strip()
        held = ""
    if held:
        yield held_from, held


def _assigned_words(text: str) -> frozenset[str]:
    # In LaTeX, letters side by side are a product unless they are a word that stands on the left somewhere.
    return frozenset(re.findall(r"(?m)^\s*([A-Za-z]{2,}\w*)\s*(?:=|'|\(0\)|\[)", text))


def _read(sheet: _Sheet, number: int, statement: str, words: frozenset[str]) -> None:
    directive = _DIRECTIVE.match(statement)
    if directive:
        _obey(sheet, number, directive["word"].lower(), directive["rest"].strip())
        return
    if looks_like_latex(statement):
        statement = plain_from_latex(statement, number, words)
        if not statement:
            return
    sides = re.split(r"(?<![<>=!])=(?!=)", statement)
    if len(sides) != 2 or not sides[1].strip():
        raise InputError(f"line {number}: {statement!r} found, expected one `name = expression`")
    left, right = sides[0].strip(), sides[1].strip()
    formula = parse_formula(right, number)
    table, key = _left_side(sheet, left, number)
    if key in table:
        raise InputError(f"line {number}: {left} is set a second time; the first was in line {table[key].line}")
    table[key] = formula


def _left_side(sheet: _Sheet, left: str, number: int) -> tuple[dict[str, Formula], str]:
    if match := _RATE.match(left):
        return sheet.rates, _clean(match["prime"] or match["top"] or match["joined"])
    if match := _NEXT.match(left):
        return sheet.steps, _clean(match["name"])
    if match := _START.match(left):
        return sheet.starts, _clean(match["name"])
    if match := _PLAIN.match(left):
        return sheet.assigned, _clean(match["name"])
    raise InputError(
        f"line {number}: {left!r} on the left found, expected x' or dx/dt (a rate), x[n+1] (a map), x(0) (a start) "
        "or a name"
    )


def _clean(name: str) -> str:
    # As Python's own grammar folds names, so that both sides of an equation agree.
    return unicodedata.normalize("NFKC", name)


def _obey(sheet: _Sheet, number: int, word: str, rest: str) -> None:
    if word.startswith("input"):
        names = [n.strip() for n in rest.split(",") if n.strip()]
        for name in names:
            if not _PLAIN.match(name):
                raise InputError(f"line {number}: input {name!r} found, expected names parted by commas")
        sheet.inputs = tuple(map(_clean, names))
    elif word.startswith("unit"):
        for part in filter(str.strip, rest.split(",")):
            match = _UNIT.match(part.strip())
            if not match:
                raise InputError(f"line {number}: unit {part.strip()!r} found, expected `name = unit`")
            sheet.units[_clean(match["name"])] = match["unit"].strip()
    elif word == "period":
        sheet.period = parse_formula(rest, number)
    else:
        sheet.words[word] = rest


def _assemble(sheet: _Sheet, name: str | None) -> SymbolicSystem:
    from inscape.systems.delay_flow import DelayFlow
    from inscape.systems.flow import Flow
    from inscape.systems.map import Map

    if sheet.rates and sheet.steps:
        line = min(f.line for f in sheet.steps.values())
        raise InputError(f"line {line}: a step x[n+1] found among rates x'; expected one kind of equation")
    laws = sheet.rates or sheet.steps
    if not laws:
        raise InputError("text: no equation of motion found; expected a line such as x' = -x, or x[n+1] = r*x*(1 - x)")
    for kind, table in (("input", dict.fromkeys(sheet.inputs)), ("name", sheet.assigned)):
        for taken in set(table) & set(laws):
            raise InputError(f"line {laws[taken].line}: {taken} is a state variable and an {kind} that is set as well")
    used = set().union(*(f.names for f in [*laws.values(), *sheet.assigned.values()]))
    if sheet.period is None and "period" in sheet.assigned and "period" not in used:
        sheet.period = sheet.assigned.pop("period")
    given = {*laws, *sheet.inputs, *sheet.assigned}
    numbers = {key: f for key, f in sheet.assigned.items() if not f.names - (set(constants()) - given)}
    parameters = {key: f.number() for key, f in numbers.items()}
    known = {n: symbol(n) for n in (*laws, *sheet.inputs, *parameters)}
    vocabulary = Vocabulary({"t": t, **known}, tuple(laws), sheet.steps)
    shorthand = {key: f for key, f in sheet.assigned.items() if key not in numbers}
    _expand(shorthand, vocabulary)
    expressions = tuple(f.expression(vocabulary) for f in laws.values())
    title = sheet.words.get("name") or name or "system"
    definition = Definition(title, tuple(laws), sheet.inputs, parameters, expressions)
    initial = [1.0] * len(laws)
    for key, formula in sheet.starts.items():
        if key not in laws:
            near = ", ".join(nearest_names(key, laws))
            raise InputError(f"line {formula.line}: {key}(0) found, but {key} is not a state variable; nearest: {near}")
        initial[list(laws).index(key)] = formula.number(parameters)
    system: Any = Map if sheet.steps else (DelayFlow if vocabulary.looked_back else Flow)
    for unit in sheet.units:
        if unit not in (*laws, *sheet.inputs, "time"):
            near = ", ".join(nearest_names(unit, (*laws, *sheet.inputs, "time")))
            raise InputError(f"units: {unit} is neither a state, an input nor time; nearest: {near}")
    return system(
        definition,
        initial=initial,
        period=None if sheet.period is None else sheet.period.number(parameters),
        description=sheet.words.get("description", ""),
        citation=sheet.words.get("citation", ""),
        units=sheet.units,
    )


def _expand(shorthand: dict[str, Formula], vocabulary: Vocabulary) -> None:
    """Work out the names that stand for expressions, each after those that it uses itself."""
    waiting = dict(shorthand)
    while waiting:
        ready = [key for key, f in waiting.items() if not f.names & set(waiting)]
        if not ready:
            key, formula = next(iter(waiting.items()))
            raise InputError(f"line {formula.line}: {key} is defined through itself ({' and '.join(waiting)})")
        for key in ready:
            vocabulary.symbols[key] = waiting.pop(key).expression(vocabulary)


__all__ = ["from_file", "from_text"]
