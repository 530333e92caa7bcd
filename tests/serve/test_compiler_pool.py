"""What is hostile dies in a child: others are compiled meanwhile, and nothing outlives the server."""

from __future__ import annotations

import asyncio
import io
import json
import pickle
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

import canvasgen as cg
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint
from canvasgen.serve.compiling.frames import pack, read_frame, unpacked_constraint
from canvasgen.serve.compiling.pool import Compiled, CompilerPool
from canvasgen.serve.compiling.worker import compile_recipe
from canvasgen.serve.own_processes import Allowed
from canvasgen.serve.requests.recipe import Recipe

VOCABULARY = cg.Vocabulary([bytes([b]) for b in range(256)] + [None], end_ids=[256])
ALLOWED = Allowed(0.5, 400_000_000)
SLOW = Recipe("grammar", "sql_select")
"""Takes some three seconds of CPU."""
Result = TypeVar("Result")


def with_pool(
    work: Callable[[CompilerPool], Awaitable[Result]], processes: int = 1, **options: Any
) -> Result:
    async def run() -> Result:
        pool = CompilerPool(VOCABULARY, ALLOWED, processes=processes, **options)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
def test_recipes_are_compiled_once_and_errors_are_told() -> None:
    async def work(pool: CompilerPool) -> None:
        recipe = Recipe("schema", {"type": "integer", "minimum": 10, "maximum": 12})
        found = await asyncio.gather(*(pool.get(recipe) for _ in range(3)))
        assert found[0] is found[1] is found[2] is await pool.get(recipe)
        assert pool.made == 1
        compiled = found[0].constraint
        assert compiled.accepts([*b"11", 256])
        assert not compiled.accepts([*b"13", 256])
        assert compiled.constraint.matches("12")
        for kind, body, error, rule in (
            ("schema", {"type": "nothing"}, InvalidConstraint, "type"),
            ("regex", r"(a)\1", UnsupportedConstraint, None),
            ("regex", "(", InvalidConstraint, None),
        ):
            for _ in range(2):
                with pytest.raises(error) as caught:
                    await pool.get(Recipe(kind, body))
                assert rule in (None, caught.value.rule)
        assert pool.made == 4

    with_pool(work)


@pytest.mark.slow
def test_a_compilation_ends_at_its_limits_and_the_next_one_runs() -> None:
    async def work(pool: CompilerPool) -> None:
        with pytest.raises(ConstraintTooLarge):
            await pool.get(SLOW)
        assert (await pool.get(Recipe("regex", "ab?"))).constraint.accepts([*b"ab"])

    with_pool(work)


@pytest.mark.slow
def test_who_leaves_frees_the_process_and_closing_ends_it() -> None:
    async def work(pool: CompilerPool) -> int:
        await pool.start()
        process = pool._compilers[0]._process
        assert process is not None
        asked = asyncio.create_task(pool.get(SLOW))
        while not children_of(process.pid):
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await pool.get(Recipe("regex", "ab?"))).constraint.accepts([*b"a"])
        assert children_of(process.pid) == []
        assert pool._compilers[0]._process is process
        process.kill()
        await process.wait()
        assert (await pool.get(Recipe("regex", "cd?"))).constraint.accepts([*b"c"])
        again = pool._compilers[0]._process
        assert again is not None
        left = asyncio.create_task(pool.get(SLOW))
        while not children_of(again.pid):
            await asyncio.sleep(0.01)
        del left
        return again.pid

    pid = with_pool(work)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.slow
def test_who_leaves_while_a_process_starts_leaves_it_whole() -> None:
    async def work(pool: CompilerPool) -> None:
        for _ in range(3):
            asked = asyncio.create_task(pool.get(SLOW))
            await asyncio.sleep(0.01)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
        assert (await pool.get(Recipe("regex", "ab?"))).constraint.accepts([*b"ab"])

    with_pool(work)


@pytest.mark.slow
def test_what_is_remembered_is_bounded() -> None:
    async def work(pool: CompilerPool) -> None:
        for letter in "abc":
            await pool.get(Recipe("regex", letter))
        assert len(pool._kept) == 2
        await pool.get(Recipe("regex", "a"))
        assert pool.made == 4
        assert pool.bytes_kept == sum(one.size for one in pool._kept.values() if isinstance(one, Compiled))

    with_pool(work, remembered=2)


@pytest.mark.slow
def test_the_bytes_of_what_is_remembered_are_bounded() -> None:
    async def work(pool: CompilerPool) -> None:
        one = await pool.get(Recipe("regex", "a"))
        other = await pool.get(Recipe("regex", "b"))
        assert list(pool._kept.values()) == [other]
        assert pool.bytes_kept == other.size < one.size + other.size

    with_pool(work, remembered_bytes=1)


def unpacked(recipe: Recipe) -> Any:
    content = compile_recipe(recipe, VOCABULARY, Allowed(10.0, 1 << 30))
    if content[:1] == b"+":
        return unpacked_constraint(content[1:], VOCABULARY).constraint
    error = pickle.loads(content[1:])
    assert isinstance(error, CanvasgenError)
    raise error


CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("recipe_cases.json").read_text("utf-8"))


def recipe_of(case: dict[str, Any]) -> Recipe:
    fields = {name: value for name, value in case.items() if name not in ("valid", "invalid")}
    for name in ("also", "sources"):
        if name in fields:
            fields[name] = tuple(tuple(one) if isinstance(one, list) else one for one in fields[name])
    return Recipe(**fields)


@pytest.mark.parametrize("case", CASES, ids=[f"{number} {case['kind']}" for number, case in enumerate(CASES)])
def test_a_recipe_means_what_it_says(case: dict[str, Any]) -> None:
    made = unpacked(recipe_of(case))
    assert [text for text in case["valid"] if not made.matches(text)] == []
    assert [text for text in case["invalid"] if made.matches(text)] == []


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        (Recipe("structural_tag", "{"), None),
        (Recipe("structural_tag", {}), None),
        (
            Recipe("structural_tag", {"format": {"type": "sequence", "elements": [{"type": "no"}]}}),
            "$.format.elements[0].type",
        ),
        (Recipe("structural_tag", {"format": {"type": "regex"}}), "$.format.pattern"),
        (
            Recipe(
                "structural_tag",
                {"structures": [{"begin": "x", "schema": True, "end": "y"}], "triggers": ["<"]},
            ),
            "$.structures[0].begin",
        ),
        (Recipe("table", {"kind": "chess"}), None),
        (Recipe("table", {"kind": "sudoku", "puzzle": "/etc/passwd"}), None),
        (Recipe("table", {"kind": "latin_square", "sise": 3}), None),
        (Recipe("grammar", "start: x\n%import .secret (x)"), None),
        (Recipe("grammar", "/etc/passwd"), None),
        (Recipe("schema", {"$ref": "file:///etc/passwd"}), None),
        (Recipe("schema", {"$ref": "http://127.0.0.1:1/schema.json"}), None),
        (Recipe("schema", {"type": "string", "pattern": "(a*)*b("}), None),
    ],
    ids=lambda value: value.kind if isinstance(value, Recipe) else "",
)
def test_a_wrong_recipe_is_an_error_and_no_file_is_read(recipe: Recipe, path: str | None) -> None:
    with pytest.raises(CanvasgenError) as caught:
        unpacked(recipe)
    assert path in (None, caught.value.path)
    assert "root:" not in str(caught.value)


def test_a_frame_may_come_in_parts() -> None:
    """A pipe or a socket gives what it holds: a large frame, or a header, comes in several reads."""

    class Parts(io.RawIOBase):
        def __init__(self, content: bytes, most: int) -> None:
            self.file, self.most = io.BytesIO(content), most

        def read(self, size: int = -1) -> bytes:
            return self.file.read(min(size, self.most))

    content = b"abc" * 50
    for most in (1, 7, 8, 64, 1000):
        whole: Any = Parts(pack(content) + pack(b"") + pack(content)[:50], most)
        assert [read_frame(whole) for _ in range(3)] == [content, b"", None]
