"""Rows in files: JSON lines and Parquet."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from canvasgen.errors import InvalidConstraint
from canvasgen.extras import needed
from canvasgen.serve.protocol.wire import JsonObject

__all__ = ["NOT_JSON", "digest_of", "read_rows", "row_count", "write_rows"]

NOT_JSON = object()
"""Stands for a line that is no JSON."""
_AT_ONCE = 1000
_CHUNK = 1 << 20


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        InvalidConstraint: it cannot be read.
    """
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
    except OSError as error:
        raise InvalidConstraint(
            f"the input cannot be read: {error.strerror}",
            rule="input",
            value=str(path),
            remedy="give the path of a file that may be read",
        ) from error
    return found.hexdigest()


def row_count(path: Path) -> int:
    """Return how many rows a file has; empty lines are none."""
    if is_parquet(path):
        return _parquet(path).metadata.num_rows
    with path.open("rb") as file:
        return sum(bool(line.strip()) for line in file)


def read_rows(path: Path) -> Iterator[object]:
    """Yield the rows of a file, one by one; `NOT_JSON` for a line that is none."""
    if is_parquet(path):
        for batch in _parquet(path).iter_batches(batch_size=_AT_ONCE):
            yield from (_present(row) for row in batch.to_pylist())
        return
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    yield NOT_JSON


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its name."""
    return path.suffix == ".parquet"


def _parquet(path: Path) -> Any:
    module: Any = needed("pyarrow.parquet", "Parquet")
    arrow: Any = needed("pyarrow", "Parquet")
    try:
        return module.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise InvalidConstraint(
            "this is no Parquet file",
            rule="input",
            value=str(path),
            remedy="give a .parquet file, or one of JSON lines",
        ) from error


def _present(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without its empty cells; cells that hold JSON objects or lists as text are read."""
    found = {name: value for name, value in row.items() if value is not None}
    for name in ("schema", "messages", "choice", "table", "body"):
        if isinstance(found.get(name), str):
            try:
                found[name] = json.loads(found[name])
            except ValueError:
                continue  # the row says what is wrong with it
    return found


def write_rows(path: Path, rows: Iterable[JsonObject]) -> None:
    """Write rows to a file that takes its place at once when all are written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if is_parquet(path):
            _write_parquet(beside, rows)
        else:
            with beside.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                for row in rows:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


_COLUMNS = (
    *("index", "id", "custom_id", "text", "outcome", "log_prob", "value"),
    *("steps", "probabilities", "response", "error"),
)
_PLAIN = {"index": "int64", "text": "string", "outcome": "string", "log_prob": "float64"}


def _write_parquet(path: Path, rows: Iterable[JsonObject]) -> None:
    """Write a table; what has no one type (values, errors, answers) is JSON text."""
    arrow: Any = needed("pyarrow", "Parquet")
    module: Any = needed("pyarrow.parquet", "Parquet")
    kinds = {name: getattr(arrow, _PLAIN.get(name, "string"))() for name in _COLUMNS}
    schema = arrow.schema([(name, kinds[name]) for name in _COLUMNS])
    with module.ParquetWriter(path, schema) as writer:
        several: list[dict[str, Any]] = []

        def write() -> None:
            if several:
                writer.write_table(arrow.Table.from_pylist(several, schema=schema))
                several.clear()

        for row in rows:
            several.append({name: _cell(name, row.get(name)) for name in _COLUMNS})
            if len(several) == _AT_ONCE:
                write()
        write()


def _cell(name: str, value: Any) -> Any:
    if value is None or name in _PLAIN or (name in ("id", "custom_id") and isinstance(value, str)):
        return value
    return json.dumps(value, ensure_ascii=False)
