"""Sources of grammars: files `NAME.lark` of the package or of the checkout, and imports."""

from __future__ import annotations

import os
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeAlias

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

__all__ = ["LARKS_OWN", "ImportSource", "import_beside", "import_source", "shipped", "shipped_names"]

ImportSource: TypeAlias = Callable[[str | None, str], tuple[str, str]]
"""The place and the text of a grammar, by the folder to look in and the path below it."""
LARKS_OWN = ("common", "lark", "python", "unicode")
"""The grammars that come with Lark."""
_SUFFIX = ".lark"
_PLACE = "canvasgen:"


@cache
def _folder() -> Traversable:
    installed = files("canvasgen") / "grammars"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parents[3] / "grammars"


@cache
def shipped_names() -> tuple[str, ...]:
    """Return the names that `grammar` knows, sorted."""
    folder = _folder()
    if not folder.is_dir():
        return ()
    entries = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in entries if name.endswith(_SUFFIX)))


def shipped(name: str) -> str:
    """Return the text of a shipped grammar.

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
    """Return the place and the text of a shipped grammar, as a loader that Lark calls for `%import`.

    Raises:
        FileNotFoundError: none is shipped under that path; Lark looks elsewhere then.
    """
    name = grammar_path.removesuffix(_SUFFIX)
    if base_path is not None or name not in shipped_names():
        raise FileNotFoundError(grammar_path)
    return f"{_PLACE}{grammar_path}", shipped(name)


def import_beside(folder: Path | None) -> ImportSource:
    """Return the source of imports: shipped grammars, those of Lark, and files beside the grammar's file.

    Args:
        folder: the folder of the grammar's file; None for a text, whose relative imports are refused.
    """

    def source(base_path: str | None, grammar_path: str) -> tuple[str, str]:
        dotted = grammar_path.removesuffix(_SUFFIX).replace(os.sep, ".")
        if base_path is None:
            if dotted in LARKS_OWN and dotted not in shipped_names():
                raise FileNotFoundError(grammar_path)  # Lark then takes its own
            if dotted not in shipped_names():
                near = get_close_matches(dotted, (*LARKS_OWN, *shipped_names()), n=3, cutoff=0.5)
                raise InvalidConstraint(
                    "no grammar of that name is shipped",
                    rule="%import",
                    value=dotted,
                    remedy="did you mean " + " or ".join(map(repr, near))
                    if near
                    else "common and the shipped grammars are known; `%import .file` is relative to a grammar's file",
                )
            return import_source(None, grammar_path)
        if folder is None or not base_path:
            raise UnsupportedConstraint(
                "a grammar given as a text has no folder to import from",
                rule="%import",
                value=f".{dotted}",
                remedy="pass a pathlib.Path to the grammar's file, or put the rules into the text",
            )
        path = Path(base_path) / grammar_path
        try:
            return str(path), path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConstraint(
                f"a file to import cannot be read: {error}",
                rule="%import",
                value=f".{dotted}",
                remedy="give a path below the grammar's own folder, or write the rules here",
            ) from error

    return source
