"""`name=value,name=value`, as options of the command line write it."""

from __future__ import annotations

from collections.abc import Collection

from inscape.errors import InputError, UnknownNameError


def assignments(option: str, text: str | None, example: str, names: Collection[str] | None = None) -> dict[str, str]:
    """ "u=Vx,v=Vy" as a dictionary of text; empty if nothing is given.

    Parameters
    ----------
    option, example : what the option is called and a value it could have, for the error.
    names : those that may be assigned; any if None.

    Raises
    ------
    InputError : if a part is no assignment.
    UnknownNameError : if a name is none of `names`.
    """
    found = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not name or not sign:
            raise InputError(f"{option}: {part.strip()!r} found, expected pairs such as {example}")
        if names is not None and name not in names:
            raise UnknownNameError(f"name in {option}", name, names)
        found[name] = value
    return found
