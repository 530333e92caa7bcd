"""Constraints compiled beside the API server's event loop, and read by the worker from files."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from host_contract import engine

import canvasgen as cg
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, UnknownOption
from canvasgen.integrations import HostModel
from canvasgen.integrations.compiling import ahead, compiled_requests, shared_folder
from canvasgen.integrations.compiling.compiled_requests import CompiledRequests, recipe_of
from canvasgen.integrations.vllm import admission, compiling_ahead, hosted_engine
from canvasgen.integrations.vllm.ending import KEY
from canvasgen.serve.requests.building import build

WRITTEN = {"schema": {"type": "object", "properties": {"age": {"type": "integer"}}}, "whitespace": "compact"}


@pytest.fixture(scope="module")
def made():
    return cg.load(HostModel.of(engine().denoiser))


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """The memory of a process, and its server's folder."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv(shared_folder.NAME, str(tmp_path))
    fresh = CompiledRequests()
    monkeypatch.setattr(compiled_requests, "COMPILED", fresh)
    monkeypatch.setattr(ahead, "COMPILED", fresh)
    return fresh


def compile_of(written, vocabulary):
    recipe = recipe_of(written)
    return recipe, build(recipe, cg.Limits()).compile(vocabulary)


class TestRecipes:
    def test_settings_are_no_part_of_a_constraint(self):
        assert (
            recipe_of(WRITTEN | {"seed": 1})
            == recipe_of(WRITTEN | {"temperature": 0.5})
            == recipe_of(WRITTEN)
        )
        assert recipe_of(WRITTEN).key != recipe_of(WRITTEN | {"whitespace": "flexible"}).key

    @pytest.mark.parametrize("written", [{}, {"seed": 1}, {"whitespace": "compact", "schema": None}])
    def test_a_request_without_a_constraint_has_none(self, written):
        assert recipe_of(written) is None

    def test_a_nesting_too_deep_is_refused(self):
        deep: object = "a"
        for _ in range(5_000):
            deep = [deep]
        with pytest.raises(ConstraintTooLarge):
            recipe_of({"choice": deep})


@pytest.mark.parametrize(
    "written",
    [
        WRITTEN,
        {"regex": "[a-z]{3}", "contains": "a"},
        {"template": {"text": "{a}-{a}", "holes": {"a": {"choice": ["x", "y"]}}}},
        {"edit": {"text": "I live in Rome", "span": "Rome", "constraint": {"choice": ["Oslo", "Bern"]}}},
        {"sudoku": "1.3...2..3......"},
        {"think": "</think>", "choice": ["a", "b"]},
        {"structural_tag": {"format": {"type": "const_string", "value": "abc"}}},
    ],
    ids=lambda written: next(iter(written)),
)
def test_a_job_is_the_same_from_a_file(made, compiled, monkeypatch, written):
    """The worker reads the constraint that the API server's process has compiled, and compiles nothing."""
    written = written | {"seed": 5, "temperature": 0.5}
    expected = admission.job_of(made, written, [1, 2])
    compiled.put(*compile_of(written, made.vocabulary), made.vocabulary)
    compiled.clear()  # as in the worker's process
    monkeypatch.setattr(compiled_requests, "read_request", None)
    job = admission.job_of(made, written, [1, 2])
    assert (job.seed, job.temperature, job.prompt) == (5, 0.5, (1, 2))
    assert job.starts == expected.starts
    assert job.constraint.token_automaton.num_edges == expected.constraint.token_automaton.num_edges
    assert admission.job_of(made, written, [1]).constraint is job.constraint


def test_files_are_bounded(made, compiled, tmp_path):
    few = CompiledRequests(most=2)
    for number in range(4):
        few.put(*compile_of({"regex": f"a{{{number + 1}}}"}, made.vocabulary), made.vocabulary)
    assert len(list(tmp_path.iterdir())) == 2
    assert few.get(recipe_of({"regex": "a{4}"}), made.vocabulary) is not None
    few.clear()
    assert few.get(recipe_of({"regex": "a{1}"}), made.vocabulary) is None


def params(**written):
    return SimpleNamespace(
        structured_outputs=None,
        extra_args={KEY: json.dumps(written)},
        ignore_eos=False,
        logprobs=None,
        stop=None,
    )


def test_requests_that_come_together_share_one_engine(made, monkeypatch):
    calls = []

    def slowly(*arguments, **options):
        calls.append(options["canvas_length"])
        threading.Event().wait(0.05)
        return made

    monkeypatch.setattr(hosted_engine, "host_engine", slowly)
    monkeypatch.setattr(hosted_engine, "_made", {})
    config = SimpleNamespace(
        model="a folder",
        hf_config=SimpleNamespace(canvas_length=16),
        try_get_generation_config=dict,
        get_vocab_size=lambda: 100,
    )
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: hosted_engine.engine_of(config, "a tokenizer"), range(5)))
    assert found == [made] * 5
    assert calls == [16]


@pytest.mark.slow
def test_the_event_loop_goes_on_while_a_constraint_compiles(made, compiled, monkeypatch, tmp_path):
    monkeypatch.setattr(compiling_ahead, "engine_of", lambda *_: made)
    answered = 0

    async def before(**written):
        await compiling_ahead.compile_ahead(params(**written), None, "a tokenizer")

    async def others(slow):
        """What an event loop does meanwhile."""
        nonlocal answered
        while not slow.done():
            answered += 1
            await asyncio.sleep(0.01)

    async def all_of_them():
        slow = asyncio.create_task(before(grammar="sql_select"))  # seconds of CPU
        await asyncio.gather(others(slow), before(regex="b{3}"), return_exceptions=True)
        for kind, written in ((InvalidConstraint, {"regex": "("}), (UnknownOption, {"regexx": "a"})):
            with pytest.raises(kind):
                await before(**written)
        await ahead.POOLS[asyncio.get_running_loop()].close()
        return slow.exception()

    error = asyncio.run(all_of_them())
    assert error is None or isinstance(error, ConstraintTooLarge)  # where ten seconds are too few
    assert answered > 10
    assert compiled.get(recipe_of({"regex": "b{3}"}), made.vocabulary).accepts([*made.tokens("bbb")])
    assert len(list(tmp_path.iterdir())) >= 1
