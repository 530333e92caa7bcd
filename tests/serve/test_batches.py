"""Batches: bad rows are rows, results keep their order, and a killed run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from asking import PERSON, PROMPT

import canvasgen as cg
from canvasgen.cli.app import run
from canvasgen.errors import InvalidConstraint
from canvasgen.serve.batches import batch_run
from canvasgen.serve.batches.batch_row import failed_row, read_row
from canvasgen.serve.batches.batch_run import journal_of, run_batch
from canvasgen.serve.batches.journal import Journal
from canvasgen.serve.batches.row_files import read_rows, write_rows
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.settings import ServeSettings

SETTINGS = ServeSettings(name="tiny", compilers=1, rows=4, deadline=3600)
QUICK = {"max_denoising_steps": 3}
OK = {"structured_outputs": {"choice": ["ok"]}}
ROWS: list[Any] = [
    {"prompt": PROMPT, "schema": PERSON, "id": "a", **QUICK},
    {"prompt": "x", "choice": ["red"], "probabilities": True, **QUICK},
    {"prompt": "x", "regex": "("},
    {"prompt": "x", "shema": {}},
    [1],
    {"custom_id": "c", "body": {"messages": [{"role": "user", "content": "x"}], **OK}},
    {"custom_id": "d", "url": "/v1/completions", "body": {"prompt": "x", **OK}},
    {"custom_id": "e", "url": "/v1/embeddings", "body": {}},
    {"prompt": "x", "template": "a {b}", "max_tokens": 20, "id": 7, **QUICK},
]  # fmt: skip


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join([*(json.dumps(row) for row in rows), "{no json", ""]), encoding="utf-8")
    return path


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_results_come_in_order_and_bad_rows_are_rows(engine: cg.Engine, tmp_path: Path) -> None:
    source, output = write(tmp_path / "in.jsonl", ROWS), tmp_path / "out.jsonl"
    ended = run_batch(engine, source, output, SETTINGS, seed=5)
    rows = read(output)
    assert (ended.rows, ended.failed, ended.resumed, len(rows)) == (10, 5, 0, 10)
    assert ended.errors == {"invalid_row": 4, "invalid_constraint": 1}
    assert [row.get("index") for row in rows] == [0, 1, 2, 3, 4, None, None, None, 8, 9]
    assert [row["error"]["param"] for row in rows if row.get("error")][:3] == ["$.regex", "$.shema", "$"]
    assert (rows[0]["id"], rows[0]["value"]["age"], rows[1]["value"], rows[8]["id"]) == ("a", 34, "red", 7)
    assert rows[5]["response"]["body"]["choices"][0]["message"]["content"] == "ok"
    assert rows[6]["response"]["body"]["choices"][0]["text"] == "ok"
    assert (rows[7]["custom_id"], rows[7]["response"]["status_code"]) == ("e", 400)
    assert not journal_of(output).exists()
    again = tmp_path / "again.jsonl"
    run_batch(engine, source, again, SETTINGS, seed=5)
    assert [row.get("text") for row in read(again)] == [row.get("text") for row in rows]


def test_a_journal_goes_on_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, {"digest": "a"}) as journal:
        journal.add(2, {"index": 2, "text": "\ud800"}, failed=False)
        journal.add(0, {"index": 0}, failed=True)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with Journal(path, {"digest": "a"}) as journal:
            missing = {0, 2} - {*journal.done}
            for number in missing:
                journal.add(number, {"index": number}, failed=False)
            assert [row["index"] for row in journal.rows()] == [0, 2]
    path.write_bytes(whole)
    with pytest.raises(InvalidConstraint, match="another batch"):
        Journal(path, {"digest": "b"})


def test_parquet_goes_in_and_out(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = arrow.table({"prompt": ["x", "y"], "schema": ['{"type": "integer"}', None], "seed": [1, None]})
    parquet.write_table(table, tmp_path / "in.parquet")
    assert [*read_rows(tmp_path / "in.parquet")] == [
        {"prompt": "x", "schema": {"type": "integer"}, "seed": 1},
        {"prompt": "y"},
    ]
    write_rows(
        tmp_path / "out.parquet",
        iter([{"index": 0, "text": "1", "value": 1}, {"index": 1, "error": {"code": "x"}}]),
    )
    found = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [(row["index"], row["text"], row["value"], row["error"]) for row in found] == [
        (0, "1", "1", None),
        (1, None, None, '{"code": "x"}'),
    ]
    (tmp_path / "no.parquet").write_text("x")
    with pytest.raises(InvalidConstraint, match="Parquet"):
        [*read_rows(tmp_path / "no.parquet")]


@pytest.mark.parametrize(
    ("row", "param"),
    [
        ({"prompt": "x", "regex": "a", "choice": ["b"]}, "$.choice"),
        ({}, "$.prompt"),
        ({"prompt": 3}, "$.prompt"),
        ({"prompt": "x", "schema": "{"}, "$.schema"),
        ({"body": 3}, "$.body"),
        ({"body": {"messages": []}}, "$.messages"),
        ({"prompt": "x", "regex": "a", "relations": [["total"]]}, "$.relations"),
        ({"prompt": "x", "schema": {}, "relations": [["total"]]}, "$.relations[0]"),
        ({"prompt": "x", "regex": "a", "fence": "allow"}, "$.fence"),
        (None, "$"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_is_wrong_says_where(row: Any, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_row(row, 0, SETTINGS, None)
    assert caught.value.param == param
    told = failed_row(3, row, caught.value)["error"]
    assert isinstance(told, dict)
    assert told["param"] == ("$.body.messages" if param == "$.messages" else param)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    count = 60
    rows = [{"prompt": f"{at}", "regex": "[0-9]{4}", **QUICK} for at in range(count)]
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = [sys.executable, "-c", "from canvasgen.cli import main; main()"]
    command += ["batch", str(source), str(output), "--seed", "1", "--rows", "2"]
    running = subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE)
    journal = journal_of(output)
    while running.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 5):
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not output.exists()
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    found = read(output)
    assert [row["index"] for row in found] == [*range(count)]
    assert "from an earlier run" in done.stderr
    assert not journal.exists()


def test_a_journal_counts_errors_by_their_code(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, {"digest": "a"}) as journal:
        for number, code in enumerate(("invalid_row", "unsatisfiable", "invalid_row")):
            journal.add(number, {"index": number, "error": {"code": code}}, failed=True)
        journal.add(3, {"index": 3}, failed=False)
    with Journal(path, {"digest": "a"}) as journal:  # as an earlier run has left it
        assert journal.errors == {"invalid_row": 2, "unsatisfiable": 1}


@pytest.mark.parametrize(
    ("rows", "errors", "strict", "code"),
    [
        (3, {}, True, 0),
        (3, {"invalid_row": 1}, False, 0),
        (3, {"invalid_row": 1}, True, 1),
        (3, {"invalid_row": 2, "unsatisfiable": 1}, False, 1),
        (0, {}, True, 0),
    ],
    ids=str,
)
def test_the_exit_code_says_whether_rows_failed(
    rows: int,
    errors: dict[str, int],
    strict: bool,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in.jsonl").write_text("")
    monkeypatch.setattr("canvasgen.api.load", lambda *_, **__: None)
    monkeypatch.setattr(batch_run, "run_batch", lambda *_, **__: batch_run.Outcomes(rows, errors, 2))
    command = ["batch", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), *["--strict"] * strict]
    assert run(command) == code
    told = capsys.readouterr().err
    assert f"{rows} rows, {sum(errors.values())} error" in told
    assert all(f"{count} {name}" in told for name, count in errors.items())
    assert "2 rows from an earlier run" in told
