"""Masked language models of transformers' own classes: the laws, their words, loading, and templates that they fill."""

from __future__ import annotations

import math

import denoiser_laws
import pytest
import torch
from tiny_masked_lms import build, byte_level, model_of, trained_on, word_pieces

import canvasgen as cg
from canvasgen.denoise import Mask
from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.models.architecture import ARCHITECTURES
from canvasgen.models.masked.masked_lm import ARCHITECTURE, LeftContext
from canvasgen.models.masked.masked_model import MaskedModel
from canvasgen.models.masked.wordpiece import SPACED, wordpieces
from canvasgen.models.vocabularies import load_vocabulary

KINDS = sorted(kind for kind, module in ARCHITECTURES.items() if module.endswith("masked_lm"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_obeys_the_laws(kind):
    words = byte_level()
    made = ARCHITECTURE.denoiser(model_of(kind, words), words).with_canvas(7)
    assert isinstance(made, MaskedModel)
    assert made.noise == Mask(words.mask_token_id)
    denoiser_laws.check(made, 2)


def test_word_pieces_obey_the_laws():
    words = word_pieces()
    denoiser_laws.check(ARCHITECTURE.denoiser(model_of("bert", words), words).with_canvas(7), 2)


def test_it_reads_what_its_class_reads():
    """[CLS] prompt canvas [SEP], in one pass, without segments or padding."""
    words = byte_level()
    model = model_of("roberta", words)
    made = ARCHITECTURE.denoiser(model, words).with_canvas(4)
    prompt = LeftContext(words, made.vocabulary).encode("ab", None)
    canvas = torch.tensor([[words.mask_token_id, 40, words.mask_token_id, 41]])
    ids = torch.tensor([[*prompt, *canvas[0].tolist(), words.sep_token_id]])
    assert prompt[0] == words.cls_token_id
    expected = model(ids).logits[:, 3:7]
    torch.testing.assert_close(
        made.denoise(made.prefill([prompt]), canvas, None), expected, atol=1e-5, rtol=1e-5
    )
    padded = torch.tensor(
        [[words.pad_token_id, 40, 41, 42]]
    )  # a pad on the canvas would move RoBERTa's positions
    hidden = torch.tensor([[words.mask_token_id, 40, 41, 42]])
    context = made.prefill([prompt])
    assert torch.equal(made.denoise(context, padded, None), made.denoise(context, hidden, None))


@pytest.mark.parametrize(("kind", "room"), [("bert", 95), ("roberta", 93), ("modernbert", 95)])
def test_how_many_tokens_there_is_room_for(kind, room):
    """All of these can be read: the closing token and RoBERTa's first positions are counted."""
    words = byte_level()
    made = ARCHITECTURE.denoiser(model_of(kind, words), words)
    assert made.max_context == room
    canvas = torch.full((1, made.canvas_length), words.mask_token_id)
    prompt = [words.cls_token_id, *[40] * (room - made.canvas_length - 1)]
    assert torch.isfinite(made.denoise(made.prefill([prompt]), canvas, None)).all()


@pytest.mark.parametrize(
    ("kind", "words"), [("roberta", byte_level()), ("bert", word_pieces())], ids=["roberta", "bert"]
)
def test_a_folder_loads(kind, words, tmp_path):
    folder = build(kind, words, tmp_path / "model")
    engine = cg.load(folder, device="cpu")
    assert isinstance(engine.denoiser, MaskedModel)
    assert load_vocabulary(folder).fingerprint == engine.vocabulary.fingerprint
    done = engine.complete(
        "", template="the {what} is blue", max_denoising_steps=3, seed=1, on_step_limit="return"
    )
    assert done.text.startswith("the ")
    assert done.text.endswith(" is blue")
    assert engine.generate("", regex="[ab]{3} (a|b)", max_denoising_steps=3, seed=1, on_step_limit="return")


def test_a_headless_checkpoint_is_refused(tmp_path):
    words = byte_level()
    folder = build("bert", words, tmp_path / "model")
    model_of("bert", words).bert.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"lacks 6 weights of its architecture, such as cls"):
        cg.load(folder, device="cpu")


def test_another_head_is_refused():
    from transformers import AutoModelForSequenceClassification, BertConfig

    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, vocab_size=261)
    with pytest.raises(ModelError, match="no masked language model that generates"):
        cg.load((AutoModelForSequenceClassification.from_config(config), byte_level()))


def test_a_tokenizer_without_a_mask_is_refused():
    words = byte_level()
    model = model_of("bert", words)
    words.mask_token = None
    with pytest.raises(ModelError, match="the tokenizer has no mask_token"):
        cg.load((model, words))


def test_word_pieces_are_text_with_and_without_a_space():
    words = word_pieces()
    size = len(words)
    made = wordpieces(words.backend_tokenizer, (words.sep_token_id,), size, words.pad_token_id)
    the, comma, tail = (words.convert_tokens_to_ids(name) for name in ("the", ",", "##n"))
    tokens = made.vocabulary.tokens
    assert (tokens[the], tokens[size + the]) == (b" the", b"the")
    assert (tokens[comma], tokens[size + comma]) == (b" ,", b",")
    assert (tokens[tail], tokens[size + tail]) == (b"n", None)
    assert tokens[words.mask_token_id] is tokens[words.unk_token_id] is None
    logits = torch.randn(3, size, generator=torch.Generator().manual_seed(0))
    shares, expected = made.logits(logits).softmax(-1), logits.softmax(-1)
    torch.testing.assert_close(shares[:, :size] + shares[:, size:], expected)
    torch.testing.assert_close(shares[:, the], SPACED * expected[:, the])
    torch.testing.assert_close(shares[:, size + comma], SPACED * expected[:, comma])
    assert float(shares[:, size + tail].sum()) == 0
    assert made.model_ids(torch.tensor([the, size + the])).tolist() == [the, the]
    with pytest.raises(ModelError, match="no WordPiece"):
        wordpieces(byte_level().backend_tokenizer, (2,), 10, 1)


def test_the_mass_of_word_pieces_is_the_model_s_by_enumeration():
    """P(text) sums over its spellings; a space where the text has one, none where it has none."""
    words = word_pieces()
    size = len(words)
    made = wordpieces(words.backend_tokenizer, (words.sep_token_id,), size, words.pad_token_id)
    logits = torch.randn(3, size, generator=torch.Generator().manual_seed(0))
    p = logits.double().softmax(-1)
    the, t, h, e, th, hh, eh, sea = (
        words.convert_tokens_to_ids(n) for n in ("the", "t", "h", "e", "##t", "##h", "##e", "sea")
    )
    end = words.sep_token_id
    found = cg.choice(["the"]).compile(made.vocabulary).condition(made.logits(logits))
    tight = 1 - SPACED
    first = {the: tight, t: tight, th: 1.0}
    expected = float(p[0, the]) * tight * float(p[1, end])
    for one, share in ((t, tight), (th, 1.0)):
        for two, second in ((h, tight), (hh, 1.0)):
            for three, third in ((e, tight), (eh, 1.0)):
                expected += math.prod(
                    (float(p[0, one]), share, float(p[1, two]), second, float(p[2, three]), third)
                )
    assert first[the] == tight
    assert math.exp(found.log_partition) == pytest.approx(expected, rel=1e-5)
    spaced = cg.choice(["the sea"]).compile(made.vocabulary).condition(made.logits(logits[:2]))
    assert math.exp(spaced.log_partition) == pytest.approx(
        float(p[0, the]) * tight * float(p[1, sea]) * SPACED, rel=1e-5
    )


TEXTS = ["dear ann, the sea is blue!", "dear bob, the man is old!"]


@pytest.fixture(scope="module")
def learnt():
    words = word_pieces()
    return cg.load((trained_on(words, TEXTS), words))


def test_a_trained_one_fills_templates(learnt):
    """What stands on both sides of a hole decides what is in it."""
    names = cg.choice(["ann", "bob"])
    for template, expected in (
        (cg.template("dear {who}, the sea is blue!", who=names), "ann"),
        (cg.template("dear {who}, the man is old!", who=names), "bob"),
    ):
        assert learnt.generate("", template=template, seed=1)["who"] == expected
    filled = cg.template(
        "dear bob, the {what} is {how}!", what=cg.regex("[a-z]{3}"), how=cg.regex("[a-z]{3,4}")
    )
    assert learnt.generate("", template=filled, temperature=0).text == TEXTS[1]
    assert learnt.decide("dear ann, the sea is", [" blue!", " old!"]) == {
        " blue!": pytest.approx(1, abs=0.2),
        " old!": pytest.approx(0, abs=0.2),
    }


def test_nothing_is_shown_behind_the_end(learnt):
    """A masked language model knows no canvas that is longer than its text: masks behind it would be more text."""
    model = learnt.denoiser.with_canvas(9)
    mask, end = model.mask_id, learnt.vocabulary.end_ids[0]
    context = model.prefill([learnt.tokens("dear"), learnt.tokens("dear")])
    short = torch.tensor([[mask, mask, end, 40, mask, 41, mask, mask, mask], [mask] * 9])
    other = short.clone()
    other[0, 3:] = mask
    logits = model.denoise(context, short, None)
    assert torch.equal(logits, model.denoise(context, other, None))
    assert not bool(logits[0, 3:].any())
    assert bool(logits[1, 3:].any())
    assert torch.equal(
        logits[:1, :3], model.with_canvas(3).denoise(model.select(context, [0]), short[:1, :3], None)
    )


def test_words_of_a_text_have_a_space_where_it_has_one(learnt):
    words = learnt.vocabulary
    assert [words.tokens[token] for token in learnt.tokens("the sea (is old), ann")] == [
        *(b"the", b" sea", b" (", b"is", b" old", b")", b",", b" ann")
    ]


def test_what_a_lower_case_model_cannot_write(learnt):
    with pytest.raises(CanvasgenError):
        learnt.generate("", template=cg.template("Dear {who}!", who=cg.choice(["ann", "bob"])))
