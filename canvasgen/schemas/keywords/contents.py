"""`contentEncoding` and `contentMediaType`, which draft 7 lets one assert (later drafts only annotate)."""

from __future__ import annotations

import base64
import binascii
import json
import re

from canvasgen.automata import parse_regex
from canvasgen.limits import kept
from canvasgen.schemas.keywords.formats.python import LANGUAGES
from canvasgen.schemas.normal.shapes import ANY_NODE, Part
from canvasgen.schemas.texts.embedded_text import text_part

__all__ = ["part"]


@kept(16)
def part(encoding: str | None, media_type: str | None) -> Part | None:
    """Return the strings that are base64, a JSON text, or the base64 of one; None for any other encoding or type.

    Of the last kind, the language is an over-approximation: all of base64.
    """
    is_json = media_type == "application/json"
    if encoding == "base64":
        expr = parse_regex(LANGUAGES["base64"], re.ASCII)
        name = "base64 of JSON" if is_json else "base64"
        return Part(
            name,
            expr,
            under_approximates=True,
            over_approximates=is_json,
            holds=lambda value: _is_base64(value, is_json),
        )
    if is_json and encoding is None:
        return Part("JSON in a string", text_part(ANY_NODE).expr, under_approximates=True, holds=_is_json)
    return None


def _is_base64(value: str, is_json: bool) -> bool:
    try:
        content = base64.b64decode(value, validate=True)
        return not is_json or _is_json(content.decode("utf-8"))
    except (binascii.Error, ValueError):
        return False


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
