"""A batch that can be stopped at any moment and goes on where it was: answers are kept as they come, each once.

Every batch of rows becomes one Parquet file, written beside and then renamed, so a file is whole or is not there. Its name
is a hash of the rows' ids: a batch that is answered again after its worker died replaces its own file. A second run leaves
out the ids that are kept, so no row is lost and none is there twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from canvasgen.errors import InvalidConstraint
from canvasgen.extras import needed
from canvasgen.integrations.ray.processor import CanvasProcessorConfig, build_processor

__all__ = ["KeptRows", "answer", "ids_kept"]


def answer(dataset: Any, folder: str | Path, config: CanvasProcessorConfig, *, key: str = "id") -> int:
    """Answer the rows of a dataset that the folder does not have yet, and return how many these were.

    Read the answers with `ray.data.read_parquet(folder)` or any other reader of Parquet; they come in no order.

    Args:
        dataset: of Ray, with a column of ids and the columns that `config` names.
        folder: where the answers are kept; all workers see it.
        config: the model, the request, the workers.
        key: the column of ids: texts or whole numbers, each once.

    Raises:
        MissingPackage: Ray is not installed.
        InvalidConstraint: the ids are not different, or the column is not there.
    """
    needed("ray", "canvasgen.integrations.ray")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    ids = _ids(dataset, key)
    kept = ids_kept(place, key)
    missing = [one for one in ids if one not in kept]
    if not missing:
        return 0
    wanted = frozenset(missing)

    def is_missing(row: Mapping[str, Any]) -> bool:
        return row[key] in wanted

    left = dataset.filter(is_missing) if kept else dataset
    answered = build_processor(config)(left)
    one: Any = import_module("ray.data").ActorPoolStrategy(size=1)
    written = answered.map_batches(
        KeptRows, fn_constructor_args=(str(place), key), batch_size=config.batch_size, compute=one
    )
    return sum(row["rows"] for row in written.take_all())


def _ids(dataset: Any, key: str) -> list[Any]:
    if key not in (dataset.columns() or ()):
        raise InvalidConstraint(
            "the rows have no such column",
            path=key,
            rule="key",
            value=dataset.columns(),
            remedy="name one of these columns",
        )
    ids = [row[key] for row in dataset.select_columns([key]).take_all()]
    seen: set[Any] = set()
    for one in ids:
        if one in seen or one is None:
            raise InvalidConstraint(
                "ids are there, and each once",
                path=key,
                rule="key",
                value=one,
                remedy="give each row an id of its own",
            )
        seen.add(one)
    return ids


def ids_kept(folder: Path, key: str) -> set[Any]:
    """Return the ids of the rows whose answers are kept; files that a killed writer left behind are removed."""
    parquet: Any = import_module("pyarrow.parquet")
    for left in folder.glob(".writing-*"):
        left.unlink(missing_ok=True)
    found: set[Any] = set()
    for file in sorted(folder.glob("*.parquet")):
        found.update(parquet.read_table(file, columns=[key]).column(key).to_pylist())
    return found


class KeptRows:
    """Writes each batch of rows to a file of its own, for `map_batches`.

    Args:
        folder: where.
        key: the column of ids.
    """

    def __init__(self, folder: str, key: str) -> None:
        self._folder, self._key = Path(folder), key

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[int]]:
        """Return how many rows were written."""
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
        table = arrow.table({name: arrow.array(list(column)) for name, column in batch.items()})
        ids = table.column(self._key).to_pylist()
        name = hashlib.sha256("\0".join(map(repr, ids)).encode()).hexdigest()[:32]
        beside = self._folder / f".writing-{os.getpid()}-{name}"
        parquet.write_table(table, beside)
        beside.replace(self._folder / f"{name}.parquet")
        return {"rows": [len(ids)]}
