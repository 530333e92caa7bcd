"""The fields of a JSON text, or of the beginning of one: where its keys and scalar values stand."""

from __future__ import annotations

import json
import re

from canvasgen.outline.named_parts import Named
from canvasgen.trace import PlaceName

__all__ = ["json_outline"]

_PIECE = re.compile(r'[ \t\r\n]+|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]:,]|[^ \t\r\n"{}\[\]:,]+', re.DOTALL)
_MOST_PARTS = 4096


def json_outline(text: str) -> list[Named]:
    """Return the keys and the scalar values of a JSON text, in order; the last one may be cut off with the text.

    The name of a value is its path, `items[0].price`; that of a text which is one scalar is empty. What is no JSON ends the
    outline where it begins.
    """
    found: list[Named] = []
    path: list[str | int] = []  # of the containers that are open: the present key, or the present item
    expects_key = False
    for piece in _PIECE.finditer(text):
        sign = piece[0]
        if sign.isspace():
            continue
        if sign in "{[":
            path.append("" if sign == "{" else 0)
            expects_key = sign == "{"
        elif sign in "}]":
            if not path:
                break
            path.pop()
            expects_key = False
        elif sign == ",":
            if not path:
                break
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                expects_key = True
        elif sign == ":":
            expects_key = False
        elif expects_key:
            path[-1] = _key(sign)
            found.append(Named(PlaceName(kind="key", name=_name(path)), *piece.span()))
        else:
            found.append(Named(PlaceName(kind="field", name=_name(path)), *piece.span()))
        if len(found) >= _MOST_PARTS:
            break
    return found


def _key(written: str) -> str:
    try:
        key: object = json.loads(written)
    except ValueError:
        return written.strip('"')
    return key if isinstance(key, str) else written


def _name(path: list[str | int]) -> str:
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name
