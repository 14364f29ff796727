"""Equations in LaTeX, as papers print them, to the plain form that `formula` reads."""

from __future__ import annotations

import re
from collections.abc import Collection

from inscape.errors import InputError

_TOKEN = re.compile(
    r"\\[a-zA-Z]+|\\.|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|[a-zA-Z\u0370-\u03ff](?:'(?!'))?|[-+*/^_={}()\[\]|,<>!]|&|\S"
)
_SKIPPED = {r"\left", r"\right", r"\,", r"\;", r"\!", r"\:", r"\ ", r"\quad", r"\qquad", "&", r"\displaystyle"}
_SKIPPED |= {r"\big", r"\Big", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr"}
_FUNCTIONS = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "ln", "arctan", "arcsin", "arccos"}
_FUNCTIONS |= {"max", "min", "cot", "sec", "csc", "coth", "sgn", "sign", "sech", "csch", "floor"}
_OPERATORS = {r"\cdot": "*", r"\times": "*", r"\leq": "<=", r"\le": "<=", r"\geq": ">=", r"\ge": ">="}
_COMMANDS = {r"\bmod", r"\dot", r"\frac", r"\dfrac", r"\tfrac", r"\sqrt", r"\lvert", r"\rvert", r"\lfloor", r"\rfloor"}
_VALUE_ENDS = re.compile(r"[\w)'\]]$")
_VALUE_BEGINS = re.compile(r"^[\w(]")


def looks_like_latex(statement: str) -> bool:
    """Whether a statement is written in LaTeX: a command, or braces."""
    return "\\" in statement or "{" in statement


def plain_from_latex(statement: str, line: int, words: Collection[str] = ()) -> str:
    """The same equation in plain text, with every product written out.

    Letters side by side are a product, unless they are one of `words`.

    Raises
    ------
    InputError : if a command is not known, or a brace is left open.
    """
    text = re.sub(r"\\(?:begin|end)\s*\{[^}]*\}|\$|\\\[|\\\]", " ", statement)
    text = re.sub(r"\\(?:text|mathrm|operatorname|mathit)\s*\{([^}]*)\}", _upright, text)
    token = re.compile(
        "|".join([r"\\[a-zA-Z]+", *sorted(map(re.escape, words), key=len, reverse=True), _TOKEN.pattern])
    )
    reader = _Latex(token.findall(text), line)
    plain = reader.sequence(until=None)
    return re.sub(r"[\s,.]+$", "", plain).strip()


def _upright(match: re.Match[str]) -> str:
    word = re.sub(r"\W", "", match[1])
    return f"\\{word} " if word else " "


class _Latex:
    def __init__(self, tokens: list[str], line: int):
        self._tokens = tokens
        self._at = 0
        self._line = line

    def _peek(self) -> str | None:
        while self._at < len(self._tokens) and self._tokens[self._at] in _SKIPPED:
            self._at += 1
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise InputError(f"line {self._line}: LaTeX breaks off; a brace or an argument is missing")
        self._at += 1
        return token

    def sequence(self, until: str | None) -> str:
        """Everything up to a closing token, joined with signs of multiplication where values meet."""
        parts: list[str] = []
        while (token := self._peek()) != until:
            if token is None:
                raise InputError(f"line {self._line}: LaTeX breaks off, expected {until!r}")
            if token == "^":
                self._next()
                if not parts:
                    raise InputError(f"line {self._line}: LaTeX power ^ found with nothing before it")
                parts[-1] = f"{parts[-1]}**({self._argument()})"
                continue
            item = self._item()
            if parts and _VALUE_ENDS.search(parts[-1]) and _VALUE_BEGINS.search(item):
                parts.append("*")
            parts.append(item)
        if until is not None:
            self._next()
        return " ".join(parts)

    def _argument(self) -> str:
        token = self._next()
        if token == "{":
            return self.sequence(until="}")
        self._at -= 1
        return self._item()

    def _item(self) -> str:
        token = self._next()
        if token == "{":
            return f"({self.sequence(until='}')})"
        if token == "(":
            return f"({self.sequence(until=')')})"
        if token == "[":
            return f"({self.sequence(until=']')})"
        if token in (r"\{", r"\lbrace"):
            return f"({self.sequence(until=chr(92) + '}')})"
        if token == "|":
            return f"abs({self.sequence(until='|')})"
        if token in (r"\lvert",):
            return f"abs({self.sequence(until=chr(92) + 'rvert')})"
        if token == r"\lfloor":
            return f"floor({self.sequence(until=chr(92) + 'rfloor')})"
        if token in _OPERATORS:
            return _OPERATORS[token]
        if token == r"\bmod":
            return "%"
        if token in (r"\dot",):
            return f"{self._argument()}'"
        if token in (r"\frac", r"\dfrac", r"\tfrac"):
            return self._fraction()
        if token == r"\sqrt":
            return f"sqrt({self._argument()})"
        if token.startswith("\\"):
            word = token[1:]
            if not word.isalpha():
                raise InputError(f"line {self._line}: LaTeX command {token} is not known here; write plain text")
            return self._function(word) if word in _FUNCTIONS else self._indexed(word)
        if token[0].isalpha():
            return self._indexed(token)
        return token

    def _function(self, word: str) -> str:
        power = ""
        if self._peek() == "^":
            self._next()
            power = f"**({self._argument()})"
        token = self._peek()
        if token is not None and token in "({[|":
            argument = self._item()
        else:
            # Without brackets a function takes the letters and numbers that follow it: sin 2 pi x.
            factors = [self._raised(self._item())]
            while (token := self._peek()) is not None and self._is_factor(token):
                factors.append(self._raised(self._item()))
            argument = " * ".join(factors)
        return f"{word}{argument if argument.startswith('(') and argument.endswith(')') else f'({argument})'}{power}"

    def _raised(self, item: str) -> str:
        if self._peek() != "^":
            return item
        self._next()
        return f"{item}**({self._argument()})"

    def _is_factor(self, token: str) -> bool:
        if token.startswith("\\"):
            word = token[1:]
            return word.isalpha() and word not in _FUNCTIONS and token not in _OPERATORS and token not in _COMMANDS
        return token[0].isalnum()

    def _fraction(self) -> str:
        above, below = self._digit() or self._argument(), self._digit() or self._argument()
        rate = re.fullmatch(r"d \* (\w+)", above)
        if rate and re.fullmatch(r"d \* t", below):
            return f"{rate[1]}'"
        return f"(({above})/({below}))"

    def _digit(self) -> str | None:
        """One digit without braces, as in \\frac12."""
        token = self._peek()
        if token is None or not token[0].isdigit():
            return None
        self._tokens[self._at : self._at + 1] = [token[0], token[1:]] if len(token) > 1 else [token]
        return self._next()

    def _indexed(self, name: str) -> str:
        named = self._with_index(name)
        if self._peek() == "(" and self._ahead(1) == "t" and self._ahead(2) in ("-", "+"):
            # x(t - tau) is a value of the past, where x (y - z) is a product.
            return f"{named}{self._item()}"
        return named

    def _ahead(self, count: int) -> str | None:
        coming = [token for token in self._tokens[self._at : self._at + 12] if token not in _SKIPPED]
        return coming[count] if count < len(coming) else None

    def _with_index(self, name: str) -> str:
        if self._peek() != "_":
            return name
        self._next()
        index = re.sub(r"\s|\*", "", self._argument())
        if index == "n":
            return name
        if index == "n+1":
            return f"{name}[n+1]"
        return f"{name}_{re.sub(r'[^0-9A-Za-z_]', '_', index)}"
