"""Templates of a grammar: arguments for parameters."""

from __future__ import annotations

from typing import Any, TypeGuard

from lark import Tree
from lark.grammar import NonTerminal

__all__ = ["is_tree", "name_of", "substituted"]


def is_tree(value: object) -> TypeGuard[Tree[Any]]:
    """Return whether a value is one of Lark's trees."""
    return isinstance(value, Tree)


def substituted(argument: Any, bound: dict[str, Any]) -> Any:
    """Return a template's argument with the values of the parameters in it."""
    if is_tree(argument):
        return Tree(argument.data, [substituted(child, bound) for child in argument.children])
    name = str(getattr(argument, "name", argument))
    return bound.get(name, argument) if isinstance(argument, NonTerminal) else argument


def name_of(argument: object) -> str:
    """Return an argument as text."""
    if is_tree(argument):
        return "".join(name_of(child) for child in argument.children)
    return str(getattr(argument, "name", argument))
