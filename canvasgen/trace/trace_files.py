"""The two forms of a trace, and what is refused when one is read.

JSON      `{"format": "canvasgen trace", "version": 1, …}`, the fields of `Trace`
binary    the 8 bytes `\\x93CGTRACE`, one byte with the version, then the JSON, compressed in zlib's format (RFC 1950)
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from canvasgen.checks import is_mapping
from canvasgen.errors import InvalidTrace

__all__ = ["FORMAT", "VERSION", "checked_json", "packed", "path_of", "write_trace"]

FORMAT: Final[Literal["canvasgen trace"]] = "canvasgen trace"
VERSION: Final[Literal[1]] = 1
MAGIC = b"\x93CGTRACE"
MOST_BYTES = 1 << 28
"""Most bytes of a trace as JSON."""

Made = TypeVar("Made")


def packed(text: str) -> bytes:
    """Return the binary form of a trace that is JSON."""
    return MAGIC + bytes((VERSION,)) + zlib.compress(text.encode("utf-8"), 9)


def checked_json(data: str | bytes, read: Callable[[bytes], Made]) -> Made:
    """Return what reads the JSON of a trace, which is given in either form.

    Raises:
        InvalidTrace: it is no trace, or one of another version.
    """
    given: Any = data
    if not isinstance(given, (str, bytes, bytearray)):
        raise InvalidTrace(
            "a trace is read from text or bytes",
            rule="trace",
            value=given,
            remedy="give what Trace.to_json or Trace.to_bytes made",
        )
    content = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else bytes(given)
    if content.startswith(MAGIC):
        content = _unpacked(content)
    if len(content) > MOST_BYTES:
        raise InvalidTrace(
            "the trace is larger than 256 MiB",
            rule="size",
            value=len(content),
            remedy="record fewer steps or positions: cg.Tracing(positions=…)",
        )
    try:
        found = from_json(content)
    except ValueError as error:
        raise InvalidTrace(
            f"this is no trace: {error}", rule="JSON", remedy="give a file that `--trace` or Trace.save wrote"
        ) from error
    if not is_mapping(found) or found.get("format") != FORMAT:
        raise InvalidTrace(
            "this is no trace of canvasgen",
            rule="format",
            value=found.get("format") if is_mapping(found) else None,
            remedy="give a file that `--trace` or Trace.save wrote",
        )
    _check_version(found.get("version"))
    try:
        return read(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidTrace(
            f"the trace is damaged: {first['msg']}",
            path=where or None,
            rule=first["type"],
            remedy="write it again with this version of canvasgen",
        ) from error


def _unpacked(content: bytes) -> bytes:
    if len(content) <= len(MAGIC):
        raise InvalidTrace(
            "the trace is cut off", rule="binary form", remedy="write it again: the file isn't whole"
        )
    _check_version(content[len(MAGIC)])
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(content[len(MAGIC) + 1 :], MOST_BYTES + 1)
    except zlib.error as error:
        raise InvalidTrace(
            f"the trace is damaged: {error}",
            rule="binary form",
            remedy="write it again: the file isn't whole",
        ) from error
    if not reader.eof and len(found) <= MOST_BYTES:
        raise InvalidTrace(
            "the trace is cut off", rule="binary form", remedy="write it again: the file isn't whole"
        )
    if reader.unused_data:
        raise InvalidTrace(
            "the trace is followed by other bytes",
            rule="binary form",
            remedy="write it again: the file holds more than a trace",
        )
    return found


def _check_version(version: object) -> None:
    if isinstance(version, bool) or version != VERSION:
        raise InvalidTrace(
            f"the trace has version {version!r}; this canvasgen reads version {VERSION}",
            rule="version",
            value=version,
            remedy="read it with the canvasgen that wrote it, or record it again",
        )


def path_of(path: object) -> Path:
    """Return a path.

    Raises:
        InvalidTrace: it is none.
    """
    if not isinstance(path, (str, Path)):
        raise InvalidTrace(
            "a trace is in a file: give its path",
            rule="path",
            value=path,
            remedy="give a str or a pathlib.Path",
        )
    return Path(path)


def write_trace(path: object, data: bytes) -> None:
    """Write a form of a trace to a file.

    Raises:
        InvalidTrace: the file cannot be written.
    """
    try:
        path_of(path).write_bytes(data)
    except OSError as error:
        raise InvalidTrace(
            f"the trace cannot be written: {error}",
            rule="trace",
            value=str(path),
            remedy="give a path in a folder that may be written",
        ) from error
