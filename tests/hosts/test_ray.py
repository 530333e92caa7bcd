"""A real Ray of two workers on this machine: every row once, whatever dies. `make test-ray` gives it a network of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ray: Any = pytest.importorskip("ray", reason="the environment of `make test-ray` has it")
if [name for _, name in socket.if_nameindex()] != ["lo"]:
    pytest.skip("Ray listens on all interfaces: run `make test-ray`", allow_module_level=True)

from canvasgen.errors import InvalidConstraint
from canvasgen.integrations.ray import CanvasProcessorConfig, answer, build_app, build_processor

AGE = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
CONFIG = CanvasProcessorConfig(request={"schema": AGE, "seed": 0}, batch_size=4, concurrency=2, num_cpus=1)


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "prompt": f"Name: Bob; age: {20 + number}"} for number in range(count)]


@pytest.fixture(scope="module")
def running():
    os.environ["OMP_NUM_THREADS"] = "1"
    ray.init(num_cpus=4, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.usefixtures("running")
def test_a_processor_answers_every_row_once():
    made = [*rows(9), {"id": 9, "prompt": 7}]
    own = [None] * 8 + [json.dumps({"schema": None, "regex": "[a-c]{3}"}), None]
    dataset = ray.data.from_items(
        [
            {"id": row["id"], "prompt": json.dumps(row["prompt"]), "own": one}
            for row, one in zip(made, own, strict=True)
        ]
    )
    config = CanvasProcessorConfig(
        request={"schema": AGE, "seed": 0}, batch_size=4, concurrency=2, requests="own"
    )
    process = build_processor(
        config,
        preprocess=lambda row: (
            {**row, "prompt": json.loads(row["prompt"])} if row["id"] < 9 else {**row, "prompt": ""}
        ),
        postprocess=lambda row: {"id": row["id"], "value": row["value"], "error": row["error"]},
    )
    found = {row["id"]: row for row in process(dataset).take_all()}
    assert sorted(found) == list(range(10))
    assert [found[number]["error"] for number in range(10)] == [None] * 10
    assert [json.loads(found[number]["value"]) for number in range(3)] == [{"age": 20 + n} for n in range(3)]
    assert set(json.loads(found[8]["value"])) <= set("abc")


@pytest.mark.usefixtures("running")
def test_the_example_prints_what_it_shows(monkeypatch: pytest.MonkeyPatch):
    root = Path(__file__).parents[2]
    monkeypatch.syspath_prepend(str(root / "tests" / "documentation"))
    from snippets import difference, run_script, script_example

    script = root / "examples" / "ray_batch.py"
    assert difference(script_example(script), run_script(script)) is None


@pytest.mark.usefixtures("running")
def test_what_is_kept_is_not_answered_again(tmp_path: Path):
    assert answer(ray.data.from_items(rows(5)), tmp_path, CONFIG) == 5
    (tmp_path / ".writing-1-x").write_text("half of a file")
    assert answer(ray.data.from_items(rows(8)), tmp_path, CONFIG) == 3
    assert answer(ray.data.from_items(rows(8)), tmp_path, CONFIG) == 0
    kept = ray.data.read_parquet(str(tmp_path)).take_all()
    assert sorted(row["id"] for row in kept) == list(range(8))
    assert not list(tmp_path.glob(".writing-*"))
    with pytest.raises(InvalidConstraint, match="each once"):
        answer(ray.data.from_items(rows(2) + rows(1)), tmp_path, CONFIG)
    with pytest.raises(InvalidConstraint, match="no such column"):
        answer(ray.data.from_items(rows(2)), tmp_path, CONFIG, key="name")


@pytest.mark.usefixtures("running")
def test_a_killed_worker_costs_no_row(tmp_path: Path):
    """The process of a worker is killed while it answers; Ray starts it again, and its rows are answered again."""
    killed: list[int] = []

    def kill_one() -> None:
        for _ in range(600):
            time.sleep(0.2)
            if not list(tmp_path.glob("*.parquet")):
                continue  # the first batch is kept: the workers are at the next ones
            found = subprocess.run(
                ["pgrep", "-f", r"ray::.*CanvasPredictor"], capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                killed.append(int(found[0]))
                os.kill(killed[0], signal.SIGKILL)
                return

    import threading

    thread = threading.Thread(target=kill_one)
    thread.start()
    config = CanvasProcessorConfig(
        request={"schema": AGE, "seed": 0}, batch_size=2, concurrency=2, num_cpus=1
    )
    answer(ray.data.from_items(rows(60), override_num_blocks=30), tmp_path, config)
    thread.join()
    kept = Counter(row["id"] for row in ray.data.read_parquet(str(tmp_path)).take_all())
    assert killed, "no worker was killed"
    assert kept == Counter(range(60))


def test_a_killed_driver_goes_on(tmp_path: Path):
    """`kill -9` of the whole run; the second one answers what is missing, and no row is there twice."""
    script = tmp_path / "run.py"
    folder = tmp_path / "answers"
    script.write_text(
        "import ray, sys\n"
        "from test_ray import CONFIG, rows\n"
        "from canvasgen.integrations.ray import answer\n"
        "ray.init(num_cpus=4, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)\n"
        f"print('answered', answer(ray.data.from_items(rows(60), override_num_blocks=15), {str(folder)!r}, CONFIG))\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    first = subprocess.Popen([sys.executable, str(script)], env=environment, start_new_session=True)
    for _ in range(1200):
        time.sleep(0.2)
        if list(folder.glob("*.parquet")) or first.poll() is not None:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    second = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert "answered" in second.stdout, second.stderr[-2000:]
    import pyarrow.parquet as parquet

    ids = [
        one for file in folder.glob("*.parquet") for one in parquet.read_table(file).column("id").to_pylist()
    ]
    assert Counter(ids) == Counter(range(60))


@pytest.mark.usefixtures("running")
def test_the_server_on_ray_serve():
    serve: Any = pytest.importorskip("ray.serve")
    serve.start(http_options={"host": "127.0.0.1", "port": 8265})
    options = {"num_replicas": 2, "ray_actor_options": {"num_cpus": 1}}
    serve.run(build_app(options=options), name="canvasgen")
    asked = {
        "model": "canvasgen-tiny",
        "messages": [{"role": "user", "content": "Name: Bob; age: 41"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "age", "schema": AGE}},
        "seed": 0,
    }

    def post(body: dict[str, Any]) -> bytes:
        request = urllib.request.Request(
            "http://127.0.0.1:8265/v1/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answered:
            return answered.read()

    whole = json.loads(post(asked))
    assert json.loads(whole["choices"][0]["message"]["content"]) == {"age": 41}
    lines = post({**asked, "stream": True}).decode().split("\n\n")
    assert lines[-2] == "data: [DONE]"
    written = "".join(
        json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("content") or ""
        for line in lines
        if line.startswith("data: {")
    )
    assert json.loads(written) == {"age": 41}
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(
            {
                **asked,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "no"}},
                },
            }
        )
    serve.shutdown()
