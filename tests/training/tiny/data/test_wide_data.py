"""Wider data: answers fit their constraints and stand in their prompts; nothing is of the everyday tasks."""

from __future__ import annotations

import ast
import itertools
import json
import random
import re
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from canvasgen.models.embedded.tiny.prompt_form import short_schema
from canvasgen.models.wording import plain_form
from canvasgen.training.tiny.batches import STAGES
from canvasgen.training.tiny.data import wide
from canvasgen.training.tiny.data.examples import (
    ABSENT,
    GRIDS,
    JUDGED,
    KINDS,
    LISTED,
    LONG,
    MESSAGES,
    SHORT,
    TOLD_LISTS,
    WIDE_EDITS,
    WIDE_GAPS,
    WIDE_LETTERS,
    WIDE_THOUGHTS,
    Example,
    examples,
)
from canvasgen.training.tiny.data.lexicon import held_out
from canvasgen.training.tiny.data.wide.any_facts import fact, facts, said, state
from canvasgen.training.tiny.data.wide.any_letters import sentences
from canvasgen.training.tiny.data.wide.any_objects import MARKS
from canvasgen.training.tiny.data.wide.coined import Coiner
from canvasgen.training.tiny.measure import constraint_of

SPLITS = ("train", "test", "test_hard")
EVERYDAY = Path(__file__).parents[4] / "benchmarks" / "everyday.py"


def made(split: str, level: int, count: int = 150) -> list[Example]:
    return list(itertools.islice(examples(3, split, level), count))  # type: ignore[arg-type]


def stands(one: Example, text: str) -> bool:
    """Whether a value is in what the model reads, as it is or as an option of the schema."""
    return text in ("true", "false", "null") or text in one.full_prompt


@pytest.mark.slow
@pytest.mark.parametrize("level", [ABSENT, SHORT, LONG, LISTED, MESSAGES, TOLD_LISTS, WIDE_THOUGHTS])
@pytest.mark.parametrize("split", SPLITS)
def test_objects_fit_their_schema_and_stand_in_the_text(split: str, level: int) -> None:
    for one in made(split, level):
        assert one.schema is not None
        jsonschema.Draft202012Validator.check_schema(one.schema)
        jsonschema.validate(one.value, one.schema)
        body = one.text
        if level == WIDE_THOUGHTS:
            mark = one.mark
            assert mark in MARKS
            body = one.text.partition(mark)[2]
            assert one.told in (None, plain_form(constraint_of(one).shown))
            assert (one.told is None) != (f"{{}}{mark}" in one.full_prompt)
        assert json.loads(body) == one.value
        assert one.told or one.full_prompt.endswith(short_schema(one.schema) + "\n")
        assert [number for _, _, number in one.spans] == list(range(len(one.spans)))
        for start, stop, _ in one.spans:
            assert stands(one, json.loads(f'"{one.text[start:stop]}"')), (one.text[start:stop], one.prompt)


@pytest.mark.parametrize("split", SPLITS)
def test_what_is_not_stated_is_null_or_left_out(split: str) -> None:
    missing: Counter[str] = Counter()
    for one in made(split, ABSENT):
        assert one.schema is not None
        for key, shape in one.schema["properties"].items():
            if key not in one.value:
                assert key not in one.schema["required"]
                missing["left out"] += 1
            elif one.value[key] is None:
                assert {"type": "null"} in shape["anyOf"]
                missing["null"] += 1
            else:
                missing["stated" if "anyOf" not in shape else "stated, optional"] += 1
    assert min(missing[kind] for kind in ("left out", "null", "stated", "stated, optional")) >= 10


@pytest.mark.parametrize("split", SPLITS)
def test_labels_are_options_and_come_out_of_every_side(split: str) -> None:
    first: Counter[int] = Counter()
    for one in made(split, JUDGED):
        assert one.bare is not None
        assert len(set(one.bare.options)) == len(one.bare.options) >= 2
        assert constraint_of(one).matches(one.text)
        if one.bare.told:
            assert one.prompt.endswith(one.bare.told)
        if len(one.bare.options) == 2:
            first[one.bare.options.index(one.text)] += 1
    assert min(first[0], first[1]) > 0.35 * first.total()


@pytest.mark.parametrize("level", [WIDE_LETTERS, WIDE_GAPS, WIDE_EDITS, GRIDS])
@pytest.mark.parametrize("split", SPLITS)
def test_forms_are_filled_from_what_the_prompt_states(split: str, level: int) -> None:
    for one in made(split, level):
        assert one.form is not None
        fillings = [piece for piece in one.form.pieces if not isinstance(piece, str)]
        assert len(fillings) == len(one.spans) >= 1
        assert len({name for name, _ in fillings}) == len(fillings)
        for (_, filling), (start, stop, _) in zip(fillings, one.spans, strict=True):
            assert one.text[start:stop] == filling
            assert filling in one.form.source, (filling, one.prompt)
        assert (one.form.form in one.prompt) == one.form.shown
        assert one.form.old == () or one.form.old != (fillings[0][1],)
        if level == GRIDS:
            assert not any(set(filling) & set(',|"\n') for _, filling in fillings)


@pytest.mark.parametrize("level", [WIDE_LETTERS, WIDE_GAPS, WIDE_EDITS, GRIDS])
def test_the_constraint_of_a_form_holds_its_answer(level: int) -> None:
    for one in made("train", level, 12):
        assert constraint_of(one).matches(one.text), (one.prompt, one.text)


def test_every_layout_states_every_fact() -> None:
    rng = random.Random(4)
    coiner = Coiner(rng)
    for _ in range(400):
        found = facts(rng, coiner, rng.randint(1, 4))
        text = state(found, rng, False)
        for one in found:
            assert one.kind == "flag" or one.written in text
        alone = fact(rng, coiner)
        assert alone.kind == "flag" or alone.written in said(alone, rng, True, True)


def test_coined_words_are_of_one_split() -> None:
    for hard in (False, True):
        coiner = Coiner(random.Random(1), hard)
        assert all(held_out(coiner.coined()) == hard for _ in range(300))
    assert not set(sentences(True)) & set(sentences(False))
    assert len(sentences(False)) > 50


def test_names_and_keys_are_many() -> None:
    prompts = made("train", SHORT, 300)
    keys = {key for one in prompts for key in (one.schema or {})["properties"]}
    words = {word for one in prompts for word in re.findall(r"\w{3,}", one.prompt)}
    assert len(keys) > 200
    assert len(words) > 700


def test_the_last_stage_has_every_level() -> None:
    assert len(STAGES[-1]) == KINDS
    assert all(share > 0 for share in STAGES[-1])


def strings_of(path: Path) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


_FIRST_WORDS = """Dear Write Call Customer Date Invoice Priority Status Change Welcome Ticket Mail Total Paid Which
What When Your Address Does"""
COMMON = frozenset(_FIRST_WORDS.split())
"""Words that begin sentences here and there."""


def runs(text: str, length: int = 3) -> set[tuple[str, ...]]:
    """All runs of so many words or marks."""
    words = re.findall(r"\w+|[^\w\s]", re.sub(r"\{[^{}]*\}", "…", text.lower()))
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


def test_no_phrasing_and_no_value_of_the_everyday_tasks() -> None:
    """The everyday tasks are kept apart: the written data has no four words or marks in a row of theirs, and no name."""
    folder = Path(wide.__file__).parent
    written = "\n".join(
        text
        for path in sorted(folder.iterdir())
        if path.suffix in (".py", ".txt")
        for text in (
            strings_of(path) if path.suffix == ".py" else path.read_text(encoding="utf-8").splitlines()
        )
    )
    tree = ast.parse(EVERYDAY.read_text(encoding="utf-8"))
    tasks = next(
        node for node in tree.body if isinstance(node, ast.Assign) and "TASKS" in ast.dump(node.targets[0])
    )
    asked = [
        node.value
        for node in ast.walk(tasks)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    theirs: set[tuple[str, ...]] = set().union(*(runs(text, 4) for text in asked))
    shared: set[tuple[str, ...]] = set()
    for line in written.splitlines():
        shared |= runs(line, 4) & theirs
    assert not {run for run in shared if sum(word.isalpha() and len(word) > 1 for word in run) >= 3}
    names = {word for text in asked for word in re.findall(r"\b[A-Z][a-z]{3,}\b", text)}
    listed = set(re.findall(r"\b[A-Z][a-z]{3,}\b", written))
    assert not (names & listed) - COMMON
