"""Constraints of requests that have been compiled: in memory, and as files from vLLM's API server to its workers.

The files are pickles, which run code when they are read. So they lie in the server's own folder, and their names are
digests that the reader works out from the request itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canvasgen.constraints import CompiledConstraint
from canvasgen.engine import Engine
from canvasgen.errors import ConstraintTooLarge
from canvasgen.integrations.compiling.shared_folder import shared_folder
from canvasgen.request import Request
from canvasgen.request.written import read_request, settings_of, without_settings
from canvasgen.serve.compiling.frames import packed_constraint, unpacked_constraint
from canvasgen.serve.requests.recipe import Recipe
from canvasgen.vocabulary import Vocabulary

__all__ = ["COMPILED", "CompiledRequests", "recipe_of", "request_of"]

_MOST = 128
_MOST_BYTES = 512_000_000


def recipe_of(written: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of the constraint of a request as JSON; None where it has none.

    Raises:
        ConstraintTooLarge: it is nested too deep to be written.
    """
    body = without_settings(written)
    if not body:
        return None
    recipe = Recipe("request", body)
    try:
        _ = recipe.key
    except RecursionError as error:
        raise ConstraintTooLarge(
            "the request is nested too deep", rule="nesting", remedy="make it flatter"
        ) from error
    return recipe


class CompiledRequests:
    """Those that were asked for last. Safe for threads.

    Args:
        most: constraints in memory, and files.
        most_bytes: of the constraints in memory, and of the files.
    """

    def __init__(self, *, most: int = _MOST, most_bytes: int = _MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, CompiledConstraint] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, recipe: Recipe, vocabulary: Vocabulary) -> CompiledConstraint | None:
        """Return the constraint of a recipe, from memory or a file; None if it has not been compiled."""
        name = _name(recipe, vocabulary)
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
                return found
        folder = shared_folder()
        if folder is None:
            return None
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return None
        found = unpacked_constraint(content, vocabulary)
        self._keep(name, found)
        return found

    def put(self, recipe: Recipe, compiled: CompiledConstraint, vocabulary: Vocabulary) -> None:
        """Keep a constraint in memory, and write its file for the workers."""
        name = _name(recipe, vocabulary)
        self._keep(name, compiled)
        folder = shared_folder()
        if folder is None or (folder / name).exists():
            return
        draft = folder / f"{name}.{os.getpid()}.{threading.get_ident()}"
        with contextlib.suppress(OSError):  # a full disk: the worker compiles for itself
            draft.write_bytes(packed_constraint(compiled, vocabulary))
            draft.replace(folder / name)
            self._drop_files(folder)

    def clear(self) -> None:
        """Forget those in memory."""
        with self._lock:
            self._kept.clear()

    def _keep(self, name: str, compiled: CompiledConstraint) -> None:
        with self._lock:
            self._kept[name] = compiled
            self._kept.move_to_end(name)
            size = sum(one.num_bytes for one in self._kept.values())
            while len(self._kept) > 1 and (len(self._kept) > self._most or size > self._most_bytes):
                _, dropped = self._kept.popitem(last=False)
                size -= dropped.num_bytes

    def _drop_files(self, folder: Path) -> None:
        """Remove the oldest files beyond the limits."""
        known = [(found.stat(), found) for found in folder.glob(f"{_PREFIX}*")]
        known.sort(key=lambda pair: pair[0].st_mtime)
        size = sum(stat.st_size for stat, _ in known)
        while len(known) > 1 and (len(known) > self._most or size > self._most_bytes):
            stat, oldest = known.pop(0)
            oldest.unlink(missing_ok=True)
            size -= stat.st_size


_PREFIX = "constraint-"


def _name(recipe: Recipe, vocabulary: Vocabulary) -> str:
    digest = hashlib.sha256(f"{recipe.key} {vocabulary.fingerprint}".encode()).hexdigest()
    return _PREFIX + digest


COMPILED = CompiledRequests()
"""Of this process."""


def request_of(engine: Engine, written: Mapping[str, Any]) -> Request:
    """Return a request that has been written as JSON, with its constraint compiled where somebody has done so before.

    Raises:
        CanvasgenError: as `read_request`.
    """
    recipe = recipe_of(written)
    compiled = None if recipe is None else COMPILED.get(recipe, engine.vocabulary)
    if compiled is None:
        return read_request(written)
    return Request(constraint=engine.adopt(compiled), **settings_of(written))
