"""The grammars that come with canvasgen: files `NAME.lark` of the package, or of the checkout it runs from."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from canvasgen.errors import InvalidConstraint

__all__ = ["import_source", "shipped", "shipped_names"]

_SUFFIX = ".lark"


@cache
def _folder() -> Traversable:
    installed = files("canvasgen") / "grammars"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parents[3] / "grammars"


@cache
def shipped_names() -> tuple[str, ...]:
    """The names that `grammar` knows, sorted."""
    folder = _folder()
    if not folder.is_dir():
        return ()
    entries = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in entries if name.endswith(_SUFFIX)))


def shipped(name: str) -> str:
    """The text of a shipped grammar.

    Raises:
        InvalidConstraint: there is none of that name; the remedy lists those with names like it.
    """
    names = shipped_names()
    if name not in names:
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        remedy = "did you mean " + " or ".join(map(repr, near)) if near else "one of " + ", ".join(names)
        raise InvalidConstraint(
            "no grammar of that name is shipped", rule="grammar", value=name, remedy=remedy
        )
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def import_source(base_path: str | None, grammar_path: str) -> tuple[str, str]:
    """Lark's way to ask where `%import` finds a file: the place and the text of a shipped grammar.

    Raises:
        FileNotFoundError: none is shipped under that path; Lark looks elsewhere then.
    """
    name = grammar_path.removesuffix(_SUFFIX)
    if base_path is not None or name not in shipped_names():
        raise FileNotFoundError(grammar_path)
    return f"canvasgen:{grammar_path}", shipped(name)
