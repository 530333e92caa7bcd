"""Options by name: a wrong name is loud, and `help` shows the right ones."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, TypeVar

from canvasgen.errors import UnknownOption

__all__ = ["names_checked", "shows_options"]

Made = TypeVar("Made")
Function = TypeVar("Function", bound=Callable[..., Any])


def names_checked(kind: type[Made]) -> type[Made]:
    """Make a dataclass refuse unknown names by `UnknownOption` instead of Python's TypeError."""
    plain: Callable[..., None] = kind.__init__

    @functools.wraps(plain)
    def checked(self: object, *values: object, **options: object) -> None:
        _check_names(options, kind)
        plain(self, *values, **options)

    kind.__init__ = checked
    return kind


def _check_names(names: Iterable[str], kind: Any) -> None:
    """Raise an error for a name that is not a field of a dataclass.

    Raises:
        UnknownOption: with the name that was probably meant.
    """
    known = [one.name for one in fields(kind)]
    for name in names:
        if name in known:
            continue
        alike = difflib.get_close_matches(name, known, n=1)
        every = ", ".join(one for one in known if one != "prompt")
        remedy = f"did you mean {alike[0]!r}?" if alike else f"the options are {every}"
        if name == "model":
            remedy = "an engine has its model already; load another one with canvasgen.load(model)"
        raise UnknownOption(f"there is no option {name!r}", rule=name, remedy=remedy)


def shows_options(kind: type) -> Callable[[Function], Function]:
    """Return a decorator of functions with `**options`: `help` shows the fields of a dataclass written out instead."""

    def decorate(function: Function) -> Function:
        own = inspect.signature(function)
        named = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        options = [
            one for one in inspect.signature(kind).parameters.values() if one.name not in own.parameters
        ]
        function.__signature__ = own.replace(parameters=[*named, *options])
        return function

    return decorate
