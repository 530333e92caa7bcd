"""Parsers of the shipped grammars' languages that others wrote: each raises, or returns False, on what it refuses."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import graphql
import html5lib
import partialsmiles
import semver
import sqlglot
import tinycss2
from croniter import croniter
from email_validator import validate_email
from icalendar import Calendar
from markdown_it import MarkdownIt
from pycparser import c_parser
from pylatexenc.latexwalker import LatexWalker
from rfc3986 import uri_reference, validators
from sqlglot.errors import SqlglotError

_C = c_parser.CParser()
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_URL = (
    validators.Validator()
    .require_presence_of("scheme", "host")
    .check_validity_of("scheme", "host", "port", "path", "query", "fragment")
)


def python(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        ast.parse(text.strip(" "), mode="eval")


def jsonl(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        json.loads(line)


def comma_separated(text: str) -> None:
    list(csv.reader(io.StringIO(text, newline=""), strict=True))


def signature(text: str) -> None:
    ast.parse(text + " ...")


def sql(text: str) -> bool:
    parsed = sqlglot.parse(text, dialect="postgres", error_level=sqlglot.ErrorLevel.RAISE)
    return len([each for each in parsed if each is not None]) == 1 and isinstance(
        parsed[0], sqlglot.exp.Select
    )


def css(text: str) -> bool:
    rules = tinycss2.parse_stylesheet(text, skip_whitespace=True)
    if [rule.type for rule in rules] != ["qualified-rule"]:
        return False
    inside = tinycss2.parse_blocks_contents(rules[0].content, skip_whitespace=True)
    tokens = [token for part in inside if part.type == "declaration" for token in part.value]
    return all(part.type == "declaration" for part in inside) and all(each.type != "error" for each in tokens)


def html(text: str) -> None:
    html5lib.HTMLParser(strict=True).parseFragment(text)


def table(text: str) -> bool:
    tokens = _MARKDOWN.parse(text)
    rows = sum(token.type == "tr_open" for token in tokens)
    return (
        tokens[0].type == "table_open"
        and tokens[-1].type == "table_close"
        and rows == len(text.rstrip("\n").split("\n")) - 1
    )


def outline(text: str) -> bool:
    tokens = _MARKDOWN.parse(text)
    items = sum(token.type == "list_item_open" for token in tokens)
    outer = [token.type for token in tokens if token.level == 0]
    return items == len(text.split("\n")) and [kind.rpartition("_")[2] for kind in outer] == ["open", "close"]


def smiles(text: str) -> None:
    with suppress(partialsmiles.ValenceError):
        partialsmiles.ParseSmiles(text, partial=False)  # valence is chemistry; it is checked after the syntax


def calendar(text: str) -> bool:
    read = Calendar.from_ical(text)
    return all(not part.errors for part in read.walk()) and len(read.walk("VEVENT")) >= 1


def email(text: str) -> None:
    validate_email(text, check_deliverability=False)


def url(text: str) -> bool:
    _URL.validate(uri_reference(text))
    parts = urlsplit(text)
    return parts.hostname is not None and (parts.port is None or parts.port > 0)


def latex(text: str) -> None:
    LatexWalker("$" + text + "$", tolerant_parsing=False).get_latex_nodes()


def regular(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        re.compile(text)


PARSERS: dict[str, Callable[[str], object]] = {
    "arithmetic": python,
    "boolean": python,
    "c_declaration": lambda text: _C.parse(text),
    "cron": lambda text: croniter.is_valid(text, strict=True) or croniter(text) is not None,
    "css_rule": css,
    "csv": comma_separated,
    "email": email,
    "graphql_query": graphql.parse,
    "html_fragment": html,
    "ical_event": calendar,
    "json": lambda text: [json.loads(text)],
    "jsonl": jsonl,
    "latex_math": latex,
    "markdown_list": outline,
    "markdown_table": table,
    "python_expression": python,
    "python_signature": signature,
    "regex": regular,
    "semantic_version": semver.Version.parse,
    "smiles": smiles,
    "sql_select": sql,
    "url": url,
}
REFUSALS = (
    ValueError,  # json, ast.parse's null bytes, semver, icalendar, email-validator, urlsplit, croniter, markdown
    SyntaxError,
    csv.Error,
    SqlglotError,
    graphql.GraphQLError,
    html5lib.html5parser.ParseError,
    partialsmiles.SMILESSyntaxError,
    partialsmiles.KekulizationFailure,
    re.error,
    FutureWarning,
)


def refusal(name: str, text: str) -> str | None:
    """Why the other parser refuses a text; None if it does not."""
    try:
        if PARSERS[name](text) is False:
            return "refused"
    except REFUSALS as error:
        return f"{type(error).__name__}: {error}"
    return None
