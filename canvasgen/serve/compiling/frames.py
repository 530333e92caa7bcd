"""What goes through the pipes between the server and a compiling process: a length of 8 bytes, then as many bytes."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from canvasgen.errors import CanvasgenError
from canvasgen.extras import missing

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.vocabulary import Vocabulary

try:
    import cloudpickle  # pyright: ignore[reportMissingTypeStubs]
except ModuleNotFoundError as error:
    raise missing(error, "compiling in processes of their own") from error

__all__ = [
    "HEADER",
    "pack",
    "packed_constraint",
    "read_frame",
    "told_error",
    "unpacked_constraint",
    "write_frame",
]

HEADER = 8
_VOCABULARY = "vocabulary"
_LONGEST_VALUE = 200


def pack(content: bytes) -> bytes:
    """Return a frame."""
    return len(content).to_bytes(HEADER, "big") + content


def write_frame(file: BinaryIO, content: bytes) -> None:
    """Write a frame at once."""
    file.write(pack(content))
    file.flush()


class Readable(Protocol):
    """What bytes are read from: a file, or a socket as one."""

    def read(self, n: int = -1, /) -> bytes | None:
        """Return so many bytes at most; none at the end."""
        ...


def read_frame(file: Readable) -> bytes | None:
    """Return the next frame's content; None at the end."""
    header = _exactly(file, HEADER)
    return None if header is None else _exactly(file, int.from_bytes(header, "big"))


def _exactly(file: Readable, length: int) -> bytes | None:
    """Return so many bytes, which may come in parts; None if the file ends before."""
    parts: list[bytes] = []
    while length > 0:
        part = file.read(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def packed_constraint(compiled: CompiledConstraint, vocabulary: Vocabulary) -> bytes:
    """Return a compiled constraint as bytes, without the vocabulary that both sides have."""
    file = io.BytesIO()

    class Pickler(cloudpickle.Pickler):
        def persistent_id(self, obj: object) -> str | None:
            return _VOCABULARY if obj is vocabulary else None

    pickler: Any = Pickler(file, protocol=5)
    pickler.dump(compiled)
    return file.getvalue()


def unpacked_constraint(content: bytes, vocabulary: Vocabulary) -> CompiledConstraint:
    """Return the compiled constraint that a compiling process sent; it is trusted, its input is not."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            assert pid == _VOCABULARY
            return vocabulary

    return Unpickler(io.BytesIO(content)).load()


def told_error(error: CanvasgenError) -> bytes:
    """Return an error as bytes, its value shortened to what is shown of it."""
    value = error.value
    shown = value if value is None or isinstance(value, int | float) else repr(value)[:_LONGEST_VALUE]
    kind = type(error)
    plain = kind(error.message, path=error.path, rule=error.rule, value=shown, remedy=error.remedy)
    return pickle.dumps(plain)
