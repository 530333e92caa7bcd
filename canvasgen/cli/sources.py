"""Where a command's inputs come from: a schema from a file or a dotted name, a prompt from an argument, a file or stdin."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canvasgen.cli.options import Fence, Order, Whitespace
from canvasgen.errors import InvalidConstraint, ModelError

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint

__all__ = [
    "HOW_TO_GIVE_TEXT",
    "constraint_from_options",
    "hole_from_option",
    "load_schema",
    "read_prompt",
    "read_text",
    "text_or_file",
]


def read_text(path: Path, what: str) -> str:
    """Return the text of a UTF-8 file with its line ends.

    Raises:
        InvalidConstraint: the file cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConstraint(
            f"the {what} file cannot be read: {error}",
            rule=what,
            value=str(path),
            remedy="give the path of a UTF-8 text file",
        ) from error


def load_schema(source: str) -> Any:
    """Return a JSON Schema text (of a file, or the argument if it starts with a brace), or the Python type of a name.

    `source` is a path (`person.json`), the schema itself (`{"type": "object"}`) or a dotted name (`shop.models:Order`).

    Raises:
        InvalidConstraint: there is no such file and no such name.
    """
    if source.lstrip().startswith("{"):
        return source
    if Path(source).exists():
        return read_text(Path(source), "schema")
    module_name, separator, attribute = source.partition(":") if ":" in source else source.rpartition(".")
    if not separator or source.endswith(".json"):
        raise InvalidConstraint(
            "there is no such schema file, and it is not a dotted name",
            rule="--schema",
            value=source,
            remedy="write file.json or module:Model",
        )
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        value = import_module(module_name)
        for name in attribute.split("."):
            value = getattr(value, name)
    except (ImportError, AttributeError, ValueError, SyntaxError) as error:
        raise InvalidConstraint(
            f"the schema cannot be imported: {error}",
            rule="--schema",
            value=source,
            remedy="write module:Model, importable from this folder",
        ) from error
    return value


def constraint_from_options(
    schema: str | None,
    regex: str | None,
    choice: list[str] | None,
    grammar: str | None,
    whitespace: Whitespace = "flexible",
    order: Order = "schema",
    fence: Fence = "forbid",
) -> Constraint | None:
    """Return the one constraint that the options name; None if they name none.

    Raises:
        InvalidConstraint: more than one of `--schema`, `--regex`, `--grammar` and `--choice` was given, or it is
            malformed.
    """
    options = (("--schema", schema), ("--regex", regex), ("--grammar", grammar), ("--choice", choice or None))
    given = [name for name, value in options if value is not None]
    if len(given) > 1:
        raise InvalidConstraint(
            f"{' and '.join(given)} exclude each other", rule="one constraint", remedy="give one of them"
        )
    for name, value in options:
        if value is not None and not value:
            raise InvalidConstraint(
                f"{name} is empty", rule=name, remedy=f"give {name} a value, or leave it out"
            )
    from canvasgen import constraints

    if schema is not None:
        return constraints.json_schema(
            load_schema(schema), whitespace=whitespace, property_order=order, fence=fence
        )
    if regex is not None:
        return constraints.regex(regex)
    if grammar is not None:
        return constraints.grammar(text_or_file(grammar, "grammar"))
    if choice:
        return constraints.choice(choice)
    return None


HOW_TO_GIVE_TEXT = "give the path of a file; or --text, if this is the text itself"
_PATH = re.compile(r"[^\s{}<>=|]*[/\\][^\s{}<>=|]*|[^\n{}<>=|]*[^\s.{}<>=|]\.[A-Za-z][A-Za-z0-9]{0,9}")
"""A word with a separator of folders, or one line with the suffix of a file."""


def text_or_file(
    source: str,
    what: str,
    *,
    path: re.Pattern[str] = _PATH,
    remedy: str = "give the path of a file, or the text itself",
) -> str:
    """Return the text of the file of that name, else the argument itself unless it looks like a path.

    Args:
        source: the argument.
        what: what is read, for errors.
        path: what looks like a path.
        remedy: what the caller can do where there is no such file.

    Raises:
        InvalidConstraint: the argument looks like the path of a file that does not exist; or the file cannot be read.
    """
    try:
        is_file = Path(source).is_file()
    except (OSError, ValueError):  # too long for a path, or with a zero byte
        is_file = False
    if is_file:
        return read_text(Path(source), what)
    if path.fullmatch(source):
        raise InvalidConstraint(f"there is no such {what} file", rule=what, value=source, remedy=remedy)
    return source


def hole_from_option(option: str) -> tuple[str, Constraint]:
    """Return name and constraint of `name=regex:[a-z]+`, `name=choice:red|blue`, `name=schema:…`, `name=text:40`, …

    Raises:
        InvalidConstraint: it is none of these.
    """
    name, separator, rest = option.partition("=")
    kind, colon, value = rest.partition(":")
    if not separator or not name.isidentifier() or not colon or not value:
        raise InvalidConstraint("a hole is NAME=KIND:VALUE", rule="--hole", value=option, remedy=_HOLES)
    from canvasgen import constraints

    if kind == "regex":
        return name, constraints.regex(value)
    if kind == "choice":
        return name, constraints.choice(value.split("|"))
    if kind == "schema":
        return name, constraints.json_schema(load_schema(value))
    if kind == "grammar":
        return name, constraints.grammar(text_or_file(value, "grammar"))
    if kind == "text" and value.isdecimal():
        return name, constraints.text(max_length=int(value), lines=False)
    raise InvalidConstraint("there is no such kind of hole", rule="--hole", value=option, remedy=_HOLES)


_HOLES = "write name=regex:PATTERN, name=choice:A|B, name=schema:FILE, name=grammar:NAME or name=text:MOST_CHARACTERS"


def read_prompt(argument: str | None, file: Path | None) -> str:
    """Return the prompt: the argument, else the file, else standard input (`-`, or a pipe).

    Raises:
        ModelError: there is no prompt at all.
    """
    if argument is not None and file is not None:
        raise ModelError("a prompt and --file exclude each other", rule="--file", remedy="give one of them")
    if file is not None:
        return read_text(file, "prompt")
    if argument is not None and argument != "-":
        return argument
    if argument == "-" or not sys.stdin.isatty():
        text = sys.stdin.read()
        if text.strip():
            return text
    raise ModelError(
        "there is no prompt",
        rule="prompt",
        remedy="give it as an argument, with --file, or on standard input",
    )
