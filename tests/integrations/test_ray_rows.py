"""Batches of rows answered, without Ray: columns in, columns out, an error is a row."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.integrations.ray import CanvasPredictor, CanvasProcessorConfig
from canvasgen.integrations.ray.kept_rows import KeptRows, ids_kept

AGE = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


@pytest.mark.slow
def test_columns_in_columns_out() -> None:
    answer = CanvasPredictor({"schema": AGE, "seed": 0}, requests="own", max_tokens=60)
    chat = json.dumps([{"role": "user", "content": "Name: Bob; age: 41"}])
    own = [
        None,
        '{"schema": null, "regex": "[a-c]{3}"}',
        "{",
        '{"schema": {"type": "no"}}',
        '{"grammer": ""}',
    ]
    batch = {"id": np.arange(5), "prompt": np.array([chat, "x", "x", "x", "x"]), "own": own}
    found = answer(batch)
    assert found["id"] is batch["id"]
    assert json.loads(found["value"][0]) == {"age": 41}
    assert (found["error"][0], found["outcome"][0]) == (None, "complete")
    assert len(found["text"][1]) == 3
    for row, name in ((2, "InvalidConstraint"), (3, "InvalidConstraint"), (4, "UnknownOption")):
        told = json.loads(found["error"][row])
        assert told["error"] == name
        assert told["message"]
        assert found["text"][row] is None


def test_wrong_settings_are_refused_before_anything_runs() -> None:
    for wrong in (
        {"request": {"regex": "("}},
        {"request": {"schema": AGE, "regex": "a"}},
        {"request": "["},
        {"rows": 0},
        {"batch_size": 0},
        {"concurrency": 0},
        {"concurrency": (3, 2)},
    ):
        with pytest.raises(CanvasgenError):
            CanvasProcessorConfig(**wrong)
    with pytest.raises(InvalidConstraint, match="no such column"):
        CanvasPredictor()({"text": ["a"]})


def test_a_batch_that_is_written_again_replaces_its_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    keep = KeptRows(str(tmp_path), "id")
    for text in ("a", "b"):
        assert keep({"id": np.array([3, 5]), "text": [text, None]}) == {"rows": [2]}
    keep({"id": np.array([7]), "text": ["c"]})
    (tmp_path / ".writing-9-abc").write_bytes(b"half")
    assert ids_kept(tmp_path, "id") == {3, 5, 7}
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".parquet", ".parquet"]
