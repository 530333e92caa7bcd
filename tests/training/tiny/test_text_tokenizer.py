"""The tokenizer: bytes in, the same bytes out, and values with the same tokens in prose and in JSON."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from canvasgen.models.embedded.special_tokens import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.embedded.tiny.prompt_form import format_prompt
from canvasgen.training.tiny import text_tokenizer
from canvasgen.training.tiny.data.examples import examples

SHIPPED = text_tokenizer.load(WEIGHTS)


def text_of(words: Tokenizer, text: str) -> str:
    return words.decode(words.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)


@given(st.text(max_size=40))
def test_any_text_round_trips(text: str) -> None:
    if any(mark in text for mark in (PAD, EOS, BOS)):
        return
    assert text_of(SHIPPED, text) == text


@pytest.mark.parametrize(
    "text",
    ['{"a":1}', '{"a": [1, 2.5]}', '{\n  "a": "b c",\n  "d": {}\n}', "\t x\r\n", "日本語 é ß", '"\\u00e9"'],
)
def test_json_round_trips(text: str) -> None:
    assert text_of(SHIPPED, text) == text


def test_special_tokens() -> None:
    assert SHIPPED.token_to_id(PAD) == PAD_ID
    assert SHIPPED.token_to_id(EOS) == EOS_ID
    assert SHIPPED.encode("x").ids[0] == BOS_ID == SHIPPED.token_to_id(BOS)


def test_every_byte_is_a_token() -> None:
    vocabulary = SHIPPED.get_vocab()
    assert len(vocabulary) == text_tokenizer.VOCAB_SIZE
    from tokenizers import pre_tokenizers

    assert all(letter in vocabulary for letter in pre_tokenizers.ByteLevel.alphabet())


def test_string_values_keep_their_tokens() -> None:
    """What is copied must look the same on both sides, or copying is guessing."""
    same = total = 0
    for one in itertools.islice(examples(7, "test", 3), 150):
        prompt = SHIPPED.encode(format_prompt(one.prompt, one.schema)).ids
        for start, end, _ in one.spans:
            if one.text[start:end] in ("true", "false", "null"):
                continue
            answer = SHIPPED.encode(one.text, add_special_tokens=False)
            ids = [i for i, (a, b) in zip(answer.ids, answer.offsets, strict=True) if a < end and b > start]
            total += 1
            same += any(prompt[at : at + len(ids)] == ids for at in range(len(prompt)))
    assert same / total > 0.98


def test_build_is_deterministic() -> None:
    first, second = (text_tokenizer.build(text_tokenizer.corpus(0, 300), 400).to_str() for _ in range(2))
    assert first == second
