"""Tasks from scenes: every answer stands in its prompt, fits its constraint, and splits share no phrasing."""

from __future__ import annotations

import itertools
import json
import random
import re

import jsonschema
import pytest

from canvasgen.training.tiny.data.examples import (
    COPIES,
    EDITS,
    LABELS,
    ROWS,
    SCENE_GAPS,
    SCENE_LETTERS,
    SCENES,
    THOUGHTS,
    Example,
    examples,
)
from canvasgen.training.tiny.data.jsontext import write
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.scenes import Rows, Slot, draw, render, scenes, slots_of
from canvasgen.training.tiny.data.value_formats import FORMATS, PATTERNS, Amount
from canvasgen.training.tiny.measure import constraint_of

SPLITS = ("train", "test", "test_hard")


def made(split: str, level: int, count: int = 120) -> list[Example]:
    return list(itertools.islice(examples(3, split, level), count))  # type: ignore[arg-type]


def all_slots(piece: Slot | Rows) -> list[tuple[str, Slot]]:
    return [(f"{piece.key}/", one) for one in piece.slots] if isinstance(piece, Rows) else [("", piece)]


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)
def test_a_key_is_the_same_slot_in_every_phrasing(scene) -> None:
    kinds: dict[str, str] = {}
    for phrase in scene.phrases:
        for piece in slots_of(phrase):
            for where, slot in all_slots(piece):
                assert kinds.setdefault(where + slot.key, slot.kind) == slot.kind
    assert len(scene.phrases) >= 3
    assert not set(scene.usable(True)) & set(scene.usable(False)) or scene.held_out


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)
def test_phrasings_say_all_their_values(scene) -> None:
    rng = random.Random(1)
    values = draw(scene, Lexicon(rng))
    for phrase in scene.phrases:
        text = "".join(piece if isinstance(piece, str) else piece[1] for piece in render(phrase, values, rng))
        assert "{" not in text
        for slot in slots_of(phrase):
            if isinstance(slot, Rows):
                said = [row[one.key] for row in values[slot.key] for one in slot.slots]
            else:
                said = values[slot.key] if slot.is_list else [values[slot.key]]
            assert all(str(one) in text for one in said)


@pytest.mark.slow
@pytest.mark.parametrize("level", [SCENES, THOUGHTS])
@pytest.mark.parametrize("split", SPLITS)
def test_objects_fit_their_schema_and_stand_in_the_text(split: str, level: int) -> None:
    kinds: set[str] = set()
    for one in made(split, level):
        jsonschema.Draft202012Validator.check_schema(one.schema)
        jsonschema.validate(one.value, one.schema)
        assert json.loads(one.text.partition("</think>")[2] if level == THOUGHTS else one.text) == one.value
        kinds.add(one.task)
        for start, stop, _ in one.spans:
            value = one.text[start:stop]
            named = one.task == "scene, tool" or level == THOUGHTS  # a tool's name is no part of the text
            assert value in ("true", "false", "null") or value in one.prompt or named
    assert level == THOUGHTS or {"scene", "scene, nested", "scene, rows"} <= kinds


@pytest.mark.slow
@pytest.mark.parametrize("level", [COPIES, LABELS])
@pytest.mark.parametrize("split", SPLITS)
def test_bare_answers_fit_and_stand_in_the_text(split: str, level: int) -> None:
    for one in made(split, level):
        assert one.bare is not None
        assert one.text == one.bare.answer == one.value
        assert one.text in one.bare.prompt
        assert constraint_of(one).matches(one.text), (one.bare.pattern, one.text)
        if one.bare.told:
            assert one.prompt.endswith(one.bare.told)
        if one.bare.pattern:
            assert re.fullmatch(one.bare.pattern, one.text)


@pytest.mark.slow
@pytest.mark.parametrize("level", [SCENE_LETTERS, SCENE_GAPS, EDITS, ROWS])
@pytest.mark.parametrize("split", SPLITS)
def test_forms_are_filled_from_what_the_prompt_states(split: str, level: int) -> None:
    for one in made(split, level):
        assert one.form is not None
        fillings = [piece[1] for piece in one.form.pieces if not isinstance(piece, str)]
        assert len(fillings) == len(one.spans) >= 1
        assert all(filling in one.form.source for filling in fillings)
        assert [one.text[start:stop] for start, stop, _ in one.spans] == fillings
        assert (one.form.form in one.prompt) == one.form.shown
        if level == EDITS:
            assert len(one.form.old) == len(fillings)
            assert all(old != new for old, new in zip(one.form.old, fillings, strict=True))


@pytest.mark.parametrize("level", [EDITS, SCENE_GAPS])
def test_the_constraint_of_a_form_holds_its_answer(level: int) -> None:
    for one in made("train", level, 20):
        assert constraint_of(one).matches(one.text)


def test_formats_fit_their_patterns() -> None:
    rng = random.Random(2)
    for kind in set(FORMATS) & set(PATTERNS):
        for _ in range(50):
            value = str(FORMATS[kind](rng))
            for pattern in PATTERNS[kind]:
                assert re.fullmatch(pattern, value), (kind, pattern, value)


def test_amounts_keep_their_text() -> None:
    text, spans = write({"price": Amount("12.50")})
    assert text == '{"price": 12.50}'
    assert spans == [(10, 15, 0)]
    assert json.loads(text) == {"price": Amount("12.50")}
