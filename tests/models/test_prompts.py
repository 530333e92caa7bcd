from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import canvasgen as cg
from canvasgen.errors import ModelError
from canvasgen.models.embedded.tiny.prompt_form import format_prompt
from canvasgen.models.prompts import ChatPrompts, GreedyPrompts, PlainPrompts, prompt_encoder
from canvasgen.models.wording import shown_as
from canvasgen.vocabulary import Vocabulary

SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "description": "wer"}}}
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{% if m['content'] is string %}{{ m['content'] }}"
    "{% else %}{% for p in m['content'] %}{{ p['text'] }}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)


def byte_tokenizer() -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@pytest.fixture(scope="module")
def chat():
    wrapped = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), chat_template=TEMPLATE)
    encoder = prompt_encoder(wrapped)
    assert isinstance(encoder, ChatPrompts)
    return lambda prompt, shown=None: wrapped.decode(encoder.encode(prompt, shown))


def test_chat_tells_the_schema_in_the_last_user_turn(chat):
    assert chat("Hi") == "<user>Hi<model>"
    told = chat("Hi", shown_as(SCHEMA))
    assert told.startswith("<user>Hi\n\nAnswer only with JSON")
    assert json.loads(told.removesuffix("<model>").splitlines()[-1]) == SCHEMA
    turns = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    assert chat([*turns, {"role": "assistant", "content": "A"}], shown_as(SCHEMA)).startswith(
        "<system>S<user>U\n\nAnswer"
    )
    assert chat(turns[:1], shown_as(SCHEMA)).startswith("<system>S<user>Answer")
    assert chat(
        [{"role": "user", "content": [{"type": "text", "text": "parts"}]}], shown_as(SCHEMA)
    ).startswith("<user>partsAnswer")
    assert turns == [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]


def test_plain_form_without_a_chat_template():
    tokenizer = byte_tokenizer()
    for made in (tokenizer, PreTrainedTokenizerFast(tokenizer_object=tokenizer)):
        encoder = prompt_encoder(made)
        assert isinstance(encoder, PlainPrompts)
        assert tokenizer.decode(encoder.encode("Alice", shown_as(SCHEMA))) == format_prompt("Alice", SCHEMA)
        assert tokenizer.decode(encoder.encode("Alice", None)) == format_prompt("Alice", None)
        messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
        assert tokenizer.decode(encoder.encode(messages, None)) == format_prompt("S\nU", None)


def test_greedy_takes_the_longest_token():
    encoder = GreedyPrompts(Vocabulary([None, b"a", b"ab", b"b", b"\n"], end_ids=[0]))
    assert encoder.encode("aabb", None) == [1, 2, 3, 4]
    with pytest.raises(ModelError, match="byte 1"):
        encoder.encode("az", None)


@pytest.mark.parametrize("bad", [[], ["text"], [{"content": "no role"}]])
def test_malformed_messages(chat, bad):
    with pytest.raises(ModelError, match="chat messages"):
        chat(bad)


def test_forms_are_told(chat):
    letter = cg.template("Dear {name},", name=cg.text()).shown
    assert chat("Hi", letter).endswith("in braces filled in:\nDear {name},<model>")
    assert chat("Hi", cg.edit("Dear Bob,", "Bob").shown).endswith("written anew:\nDear {Bob},<model>")
    tokenizer = byte_tokenizer()
    plain = prompt_encoder(tokenizer)
    assert tokenizer.decode(plain.encode("Hi ", letter)) == "Hi\nDear {name},\n"


@pytest.mark.parametrize("content", ["", "Zoë said:\n “hi”", "  two  "])
def test_parts_of_an_answer_have_no_special_tokens(content):
    tokenizer = byte_tokenizer()
    chats = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=TEMPLATE, bos_token="Ā")
    for encoder in (prompt_encoder(tokenizer), prompt_encoder(chats)):
        assert tokenizer.decode(encoder.tokens(content)) == content
