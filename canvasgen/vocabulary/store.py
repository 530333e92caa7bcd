"""Named arrays in checked files: a cache on disk that may be deleted, damaged or read-only without harm.

One file holds one set of arrays:

    magic | sha256 of what follows | length of the header
          | header (JSON: key, and name, dtype, shape of each array) | the arrays' bytes, one after the other

Header and arrays are padded to whole words of 8 bytes, so that the arrays lie aligned in memory.

A file whose checksum, key or layout is not exactly right counts as absent, so the caller builds the arrays
again and the next `save` replaces it. Files appear under their name only when complete (written beside it,
then renamed), so that concurrent writers and readers never see half of one; no file is ever unpickled or
executed.

Who may write into the folder decides what is read from it. The folder is made for its owner alone (mode 0700); a file
that another user wrote (root excepted), or that others may write, counts as absent. With a secret in
`CANVASGEN_CACHE_KEY` the checksum is keyed (HMAC), and what was written without that secret counts as absent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import math
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

__all__ = ["ArrayStore", "Arrays", "cache_folder"]

Arrays = dict[str, npt.NDArray[Any]]

_log = logging.getLogger(__name__)
_MAGIC = b"canvasgen array file 01\n"
_DIGEST = 32
_LENGTH = 8
_WORD = 8
_SUFFIX = ".arrays"
_DTYPES = ("|b1", "|u1", "<i2", "<i4", "<i8")

# Bytes that a folder may hold before the files that were written first are removed.
_MAX_BYTES = 1 << 30

# A pipe in the place of a file would be waited for.
_WITHOUT_WAITING: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

# What a writer that was killed leaves behind is removed after this many seconds.
_PART = ".part"
_LEFT_BEHIND = 3600.0


def cache_folder() -> Path | None:
    """Return where caches lie: `CANVASGEN_CACHE` or the user's cache folder; None (no disk) if set but empty."""
    chosen = os.environ.get("CANVASGEN_CACHE")
    if chosen is not None:
        return Path(chosen).expanduser() if chosen else None
    import platformdirs

    return Path(platformdirs.user_cache_dir("canvasgen"))


class ArrayStore:
    """A folder of named sets of arrays (bool, uint8, int16, int32, int64).

    Args:
        folder: created at the first save; None: nothing is kept.
        max_bytes: what the folder may hold; the oldest files go first.
    """

    def __init__(self, folder: Path | None, max_bytes: int = _MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def path(self, key: str) -> Path | None:
        """Return the file of a key."""
        if self.folder is None:
            return None
        return self.folder / (hashlib.sha256(key.encode()).hexdigest()[:40] + _SUFFIX)

    def load(self, key: str) -> Arrays | None:
        """Return the arrays saved under `key` (read-only); None if there are none or the file is damaged."""
        file = self.path(key)
        if file is None:
            return None
        try:
            content = _trusted_content(file, self.max_bytes)
        except OSError:  # absent or unreadable: a cache miss
            return None
        arrays = None if content is None else _unpack(content, key)
        if arrays is None:
            _log.warning(
                "the cache file %s is damaged, of another version or not ours; it is built again", file
            )
        return arrays

    def save(self, key: str, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Keep arrays under `key`; False (and a log entry) if the folder cannot be written."""
        file = self.path(key)
        if file is None:
            return False
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(file, _pack(key, arrays))
            self._shrink(file.parent)
        except OSError as error:
            _log.info("nothing is cached in %s: %s", file.parent, error)
            return False
        return True

    def _shrink(self, folder: Path) -> None:
        """Remove the oldest files until the folder fits `max_bytes`, and what killed writers left."""
        found: list[tuple[float, int, str]] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat()
                except FileNotFoundError:  # another process has removed or renamed it
                    continue
                if entry.name.endswith(_SUFFIX):
                    found.append((status.st_mtime, status.st_size, entry.path))
                elif _left_behind(entry.name, status):
                    Path(entry.path).unlink(missing_ok=True)
        excess = sum(size for _, size, _ in found) - self.max_bytes
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            Path(path).unlink(missing_ok=True)
            excess -= size


def _trusted_content(file: Path, max_bytes: int) -> bytes | None:
    """The bytes of a file; None if it is too large, is no file, or could have been written by somebody else.

    Raises:
        OSError: it is absent or cannot be read.
    """
    with open(os.open(file, os.O_RDONLY | _WITHOUT_WAITING), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
            return None
        return None if _of_others(status) else opened.read(status.st_size)


def _of_others(status: os.stat_result) -> bool:
    """Whether somebody else than this user and root could have written a file; never where users are unknown."""
    if os.name != "posix":
        return False
    return status.st_uid not in (0, os.geteuid()) or bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _left_behind(name: str, status: os.stat_result) -> bool:
    """Whether a file is half of one that a killed writer left."""
    return _SUFFIX in name and name.endswith(_PART) and time.time() - status.st_mtime > _LEFT_BEHIND


def _checksum(parts: Iterable[bytes | memoryview]) -> bytes:
    """sha256 of what parts hold, one after the other; keyed with the user's secret if there is one."""
    secret = os.environ.get("CANVASGEN_CACHE_KEY", "")
    digest = (
        hmac.new(secret.encode(errors="surrogateescape"), digestmod="sha256") if secret else hashlib.sha256()
    )
    for part in parts:
        digest.update(part)
    return digest.digest()


def _write(file: Path, parts: list[bytes | memoryview]) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=_PART)
    try:
        with os.fdopen(handle, "wb") as out:
            out.writelines(parts)
        Path(name).replace(file)
    except BaseException:  # Ctrl-C included: no litter stays
        Path(name).unlink(missing_ok=True)
        raise


def _pack(key: str, arrays: Mapping[str, npt.NDArray[Any]]) -> list[bytes | memoryview]:
    entries: list[tuple[str, str, list[int]]] = []
    body: list[bytes | memoryview] = []
    for name, array in arrays.items():
        if array.dtype.str not in _DTYPES:
            raise TypeError(f"array {name} is of dtype {array.dtype}")
        entries.append((name, array.dtype.str, list(array.shape)))
        body.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        body.append(bytes(-array.nbytes % _WORD))
    header = json.dumps({"key": key, "arrays": entries}).encode()
    header += b" " * (-len(header) % _WORD)
    tail: list[bytes | memoryview] = [len(header).to_bytes(_LENGTH, "little"), header, *body]
    return [_MAGIC, _checksum(tail), *tail]


def _unpack(content: bytes, key: str) -> Arrays | None:
    start = len(_MAGIC) + _DIGEST
    if len(content) < start + _LENGTH or not content.startswith(_MAGIC):
        return None
    view = memoryview(content)
    if not hmac.compare_digest(_checksum([view[start:]]), content[len(_MAGIC) : start]):
        return None
    try:
        return _arrays(content, start, key)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):  # what no `save` wrote
        return None


def _arrays(content: bytes, start: int, key: str) -> Arrays | None:
    """The arrays of a whole file, its checksum at `start` read.

    Raises:
        ValueError, TypeError, KeyError, RecursionError, OverflowError: the header does not fit what follows.
    """
    at = start + _LENGTH + int.from_bytes(content[start : start + _LENGTH], "little")
    header = json.loads(content[start + _LENGTH : at])
    if header["key"] != key:
        return None
    arrays: Arrays = {}
    for name, dtype, shape in cast("list[tuple[str, str, list[int]]]", header["arrays"]):
        if dtype not in _DTYPES or not all(type(length) is int and length >= 0 for length in shape):
            raise ValueError(f"array {name}")
        count = math.prod(shape)
        kind = np.dtype(dtype)
        arrays[name] = np.frombuffer(content, kind, count, at).reshape(shape)
        at += -(-count * kind.itemsize // _WORD) * _WORD
    return arrays
