"""Short representations: a line that tells what an object is, however large it is."""

from __future__ import annotations

import inspect
import reprlib
from itertools import islice

__all__ = ["call", "call_of", "short"]

_MOST = 200
"""Characters of a whole representation."""

_ITEMS = 4
_TEXT = 60


class _Short(reprlib.Repr):
    """`repr` that looks at the first few items of a container, and at the two ends of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxlong = _TEXT
        self.maxother = _MOST // 2
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = _ITEMS

    def repr_dict(self, x: dict[object, object], level: int) -> str:
        """Return the first items in the dict's own order."""
        if level <= 0 and x:
            return "{...}"
        items = [
            f"{self.repr1(k, level - 1)}: {self.repr1(x[k], level - 1)}" for k in islice(x, self.maxdict)
        ]
        return "{" + ", ".join([*items, *(["..."] if len(x) > self.maxdict else [])]) + "}"


def short(value: object, most: int = _MOST) -> str:
    """Return a representation of at most so many characters, at a cost that does not depend on the value's size.

    (But for objects whose own `repr` is long.)
    """
    text = _Short().repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def call(name: str, **facts: object) -> str:
    """Return `Name(fact=value, …)` of at most 200 characters."""
    parts = [f"{fact}={short(value, _MOST // 2)}" for fact, value in facts.items()]
    text = f"{name}({', '.join(parts)})"
    return text if len(text) <= _MOST else text[: _MOST - 2] + "…)"


def call_of(instance: object, **otherwise: object) -> str:
    """Return the call that makes such an object: what its class takes and it has as attributes, defaults left out.

    Args:
        instance: the object.
        otherwise: what is shown if it has none of them.
    """
    facts: dict[str, object] = {}
    for name, parameter in inspect.signature(type(instance)).parameters.items():
        value = vars(instance).get(name, parameter.default)  # no property, which might take its time
        if name != "limits" and value and value is not parameter.default and value != parameter.default:
            facts[name] = value
    return call(type(instance).__name__, **(facts or otherwise))
