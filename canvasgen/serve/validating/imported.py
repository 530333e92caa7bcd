"""A function that each process imports for itself, by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from canvasgen.checks import is_mapping
from canvasgen.errors import InvalidConstraint

__all__ = ["Imported", "imported"]


class Imported:
    """A function out of a dict of functions in a module; pickled it is its name, and unpickled the function itself."""

    def __init__(self, folder: str, place: str, name: str, function: Callable[[object], object]) -> None:
        self._from = (folder, place, name)
        self.function = function
        self.__qualname__ = getattr(function, "__qualname__", name)

    def __call__(self, value: object) -> object:
        """Call the function."""
        return self.function(value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _found, self._from


def imported(folder: str, place: str) -> Mapping[str, Imported]:
    """Return the functions of a dict.

    Args:
        folder: modules are looked for in it, too.
        place: `module:NAME` of the dict; without a name `VALIDATORS`.

    Raises:
        InvalidConstraint: there is no such dict, or its module cannot be imported.
    """
    sys.path.insert(0, folder)
    try:
        module, _, attribute = place.partition(":")
        found: Any = getattr(import_module(module), attribute or "VALIDATORS")
    except Exception as error:
        raise InvalidConstraint(
            f"the validators cannot be imported: {type(error).__name__}: {error}",
            rule="--validators",
            value=place,
            remedy="give module:name of something that can be imported from this folder",
        ) from error
    finally:
        sys.path.remove(folder)
    if not is_mapping(found) or not all(isinstance(k, str) and callable(v) for k, v in found.items()):
        raise InvalidConstraint(
            "validators are a dict from names to functions",
            rule="--validators",
            value=place,
            remedy='give module:name of a dict such as {"name": function}',
        )
    return {name: Imported(folder, place, name, function) for name, function in found.items()}


def _found(folder: str, place: str, name: str) -> Callable[[object], object]:
    return imported(folder, place)[name].function
