"""The generator: deterministic, and every example true to its own schema and text."""

from __future__ import annotations

import itertools
import json

import jsonschema
import pytest

from canvasgen.training.tiny.data.examples import GAPS, LETTERS, LEVELS, TABLES, examples
from canvasgen.training.tiny.data.forms import GAP_ALONE
from canvasgen.training.tiny.data.lexicon import WORDS, held_out

SPLITS = ("train", "test", "test_hard")


@pytest.mark.parametrize("split", SPLITS)
def test_same_seed_same_examples(split: str) -> None:
    first = list(itertools.islice(examples(5, split), 40))
    assert first == list(itertools.islice(examples(5, split), 40))
    assert first != list(itertools.islice(examples(6, split), 40))


def test_splits_do_not_share_prompts() -> None:
    train, test, hard = (
        {one.prompt for one in itertools.islice(examples(1, split, 3), 200)} for split in SPLITS
    )
    assert not train & test
    assert not train & hard
    assert not test & hard


@pytest.mark.slow
@pytest.mark.parametrize("level", range(LEVELS))
@pytest.mark.parametrize("split", SPLITS)
def test_values_fit_their_schema_and_text(split: str, level: int) -> None:
    for one in itertools.islice(examples(3, split, level), 150):
        jsonschema.Draft202012Validator.check_schema(one.schema)
        jsonschema.validate(one.value, one.schema)
        assert json.loads(one.text) == one.value
        assert one.fields == len(one.spans)
        assert [number for _, _, number in one.spans] == list(range(len(one.spans)))


@pytest.mark.parametrize("level", range(LEVELS))
def test_values_stand_in_the_prompt(level: int) -> None:
    for one in itertools.islice(examples(4, "train", level), 150):
        for start, end, _ in one.spans:
            value = one.text[start:end]
            assert value in ("true", "false", "null") or value in one.prompt, (value, one.prompt)


def test_keys_follow_the_schema() -> None:
    for one in itertools.islice(examples(2, "train", 3), 100):
        assert list(one.value) == list(one.schema["properties"])


def test_levels_grow() -> None:
    sizes = [
        sum(one.fields for one in itertools.islice(examples(1, "train", level), 200)) for level in range(4)
    ]
    assert sizes == sorted(sizes)


def test_part_of_the_words_is_held_out() -> None:
    kept = {word for word in WORDS["FIRST"] if held_out(word)}
    assert 0 < len(kept) < len(WORDS["FIRST"]) / 4
    prompts = (
        " ".join(one.prompt for one in itertools.islice(examples(1, "train", 3), 300))
        .replace(",", " ")
        .split()
    )
    assert not kept & set(prompts)


@pytest.mark.parametrize("level", [LETTERS, GAPS, TABLES])
@pytest.mark.parametrize("split", SPLITS)
def test_forms_are_filled_from_what_the_prompt_states(split: str, level: int) -> None:
    for one in itertools.islice(examples(3, split, level), 150):
        assert one.form is not None
        assert one.schema is None
        fillings = [piece for piece in one.form.pieces if not isinstance(piece, str)]
        assert len(fillings) == len(one.spans) >= 1
        for (name, filling), (start, stop, _) in zip(fillings, one.spans, strict=True):
            assert one.text[start:stop] == filling == one.value[name]
            assert filling in one.form.source
        assert (one.instruction == GAP_ALONE) == one.form.alone
        if one.form.alone:
            assert one.text == "".join(filling for _, filling in fillings)
        else:
            rest = one.text
            for piece in one.form.pieces:
                assert rest.startswith(piece if isinstance(piece, str) else piece[1])
                rest = rest[len(piece if isinstance(piece, str) else piece[1]) :]
            assert rest == ""
        assert (one.form.form in one.prompt) == one.form.shown
        if level == GAPS:
            assert [name for name, _ in fillings] == [""]
