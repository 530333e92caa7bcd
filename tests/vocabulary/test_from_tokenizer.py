"""The byte map of real kinds of tokenizers, held to the round trip from text to ids to bytes."""

from __future__ import annotations

import functools
import json
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from canvasgen.errors import ModelError
from canvasgen.vocabulary import Vocabulary

CORPUS = [
    "Hello world, hello you!",
    "naïve café — 12 € 日本語",
    "a  b   c\n\n\td",
    '{"name": "Alice", "age": 34}',
] * 3
GEMMA = Path(
    os.environ.get(
        "CANVASGEN_GEMMA_TOKENIZER",
        Path(__file__).parents[3] / "shared" / "tokenizers" / "gemma3" / "tokenizer.json.xz",
    )
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


@functools.cache
def sentencepiece_like() -> Tokenizer:
    """BPE with byte fallback, `▁` for a space, line breaks as added tokens: the make of Gemma's."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    trainer = trainers.BpeTrainer(
        vocab_size=480, special_tokens=["<pad>", "<eos>", "<unk>", *BYTES], show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    # The trainer marks the byte tokens as special; in real files they are ordinary entries of the vocabulary.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] not in BYTES]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ("\n", "\n\n", "<table>")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


@functools.cache
def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens(["<été>"])
    return tokenizer


@functools.cache
def metaspace() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


MAKERS = [sentencepiece_like, byte_level, metaspace]


def spells_special(tokenizer: Tokenizer, text: str) -> bool:
    """True if the text holds the name of a special token, which is not text to the tokenizer."""
    added = tokenizer.get_added_tokens_decoder().values()
    return any(token.content in text for token in added if token.special)


def check_round_trip(tokenizer: Tokenizer, vocabulary: Vocabulary, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert vocabulary.text_bytes(ids) == text.encode()


@pytest.mark.parametrize("maker", MAKERS)
def test_known_texts(maker: functools.partial[Tokenizer]) -> None:
    tokenizer = maker()
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    for text in CORPUS:
        if maker is not metaspace or set(text) <= set("".join(tokenizer.get_vocab())) | {" "}:
            check_round_trip(tokenizer, vocabulary, text)


# `▁` itself is a space to such tokenizers; special tokens are not text.
TEXTS = st.one_of(
    st.text(max_size=20), st.text(alphabet=' \n\tabé€<>{}"日🎉0x', max_size=20), st.just("<table>\n\n <été>")
).filter(lambda text: "▁" not in text)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_round_trip_of_byte_exact_tokenizers(text: str) -> None:
    for maker in (sentencepiece_like, byte_level):
        assume(not spells_special(maker(), text))
        check_round_trip(maker(), Vocabulary.from_tokenizer(maker()), text)


def test_added_tokens_are_text_unless_special() -> None:
    vocabulary = Vocabulary.from_tokenizer(sentencepiece_like())
    assert vocabulary.tokens.count(b"\n\n") == 1
    assert vocabulary.tokens.count(b"<table>") == 1
    assert {vocabulary.tokens[v] for v in range(3)} == {None}
    assert vocabulary.end_ids == (1,)
    assert vocabulary.pad_id == 0
    assert "<été>".encode() in Vocabulary.from_tokenizer(byte_level()).tokens


def test_byte_fallback_that_duplicates_a_token_is_left_out() -> None:
    tokenizer = sentencepiece_like()
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    for byte in range(256):
        content = vocabulary.tokens[tokenizer.token_to_id(f"<0x{byte:02X}>")]
        ordinary = byte < 128 and any(
            tokenizer.token_to_id(text) is not None for text in (chr(byte).replace(" ", "▁"),)
        )
        assert content == (None if ordinary else bytes([byte]))
        assert vocabulary.tokens.count(bytes([byte])) == 1


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=3))
def test_every_byte_level_token(content: bytes) -> None:
    vocabulary = Vocabulary.from_tokenizer(byte_level())
    assert all(bytes([byte]) in vocabulary.tokens for byte in content)


def test_the_unknown_token_is_no_text() -> None:
    tokenizer = Tokenizer(models.BPE({"?": 0, "a": 1, "</s>": 2}, [], unk_token="?"))
    tokenizer.decoder = decoders.ByteLevel()
    assert Vocabulary.from_tokenizer(tokenizer, end_ids=[2]).tokens == (None, b"a", None)
    tokenizer = Tokenizer(models.Unigram([("?", 0.0), ("a", -1.0), ("e", -1.0)], unk_id=0))
    tokenizer.decoder = decoders.Metaspace()
    assert Vocabulary.from_tokenizer(tokenizer, end_ids=[2]).tokens == (None, b"a", None)


@pytest.mark.parametrize(
    ("decoder", "name"),
    [
        (None, "none"),
        (decoders.WordPiece(), "WordPiece"),
        (decoders.CTC(), "CTC"),
        (decoders.BPEDecoder(), "BPEDecoder"),
        (decoders.Sequence([decoders.Fuse(), decoders.Replace("a", "b")]), "Replace"),
        (decoders.Sequence([decoders.Strip(" ", 1, 0), decoders.Fuse()]), "Strip"),
        (decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()]), "Metaspace"),
    ],
)
def test_decoders_that_are_not_byte_exact(decoder: decoders.Decoder | None, name: str) -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1}, []))
    if decoder is not None:
        tokenizer.decoder = decoder
    with pytest.raises(ModelError) as caught:
        Vocabulary.from_tokenizer(tokenizer, end_ids=[1])
    assert caught.value.rule == "decoder"
    assert caught.value.value == name


def test_a_leading_space_is_the_tokens_own() -> None:
    """Llama's decoder strips the space before a text; in the midst of a text the token has it."""
    tokenizer = Tokenizer(models.BPE({"▁a": 0, "b": 1}, []))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    assert Vocabulary.from_tokenizer(tokenizer, end_ids=[1]).tokens == (b" a", None)


def test_size_of_the_models_output() -> None:
    tokenizer = byte_level()
    full = Vocabulary.from_tokenizer(tokenizer)
    padded = Vocabulary.from_tokenizer(tokenizer, size=full.size + 3)
    assert padded.tokens == (*full.tokens, None, None, None)
    assert Vocabulary.from_tokenizer(tokenizer, size=300).tokens == full.tokens[:300]
    with pytest.raises(ModelError):
        Vocabulary.from_tokenizer(tokenizer, end_ids=[300], size=300)


def test_sources(tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer = byte_level()
    want = Vocabulary.from_tokenizer(tokenizer)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_str())
    (tmp_path / "t.json.xz").write_bytes(lzma.compress(tokenizer.to_str().encode()))
    assert Vocabulary.from_tokenizer(tmp_path).fingerprint == want.fingerprint
    assert Vocabulary.from_tokenizer(str(tmp_path / "tokenizer.json")).fingerprint == want.fingerprint
    assert Vocabulary.from_tokenizer(tmp_path / "t.json.xz").fingerprint == want.fingerprint
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="!", pad_token="?")
    vocabulary = Vocabulary.from_tokenizer(fast)
    assert vocabulary.end_ids == (tokenizer.token_to_id("!"),)
    assert vocabulary.pad_id == tokenizer.token_to_id("?")
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [5, 3], "pad_token_id": 0}')
    vocabulary = Vocabulary.from_tokenizer(tmp_path)
    assert (vocabulary.end_ids, vocabulary.pad_id) == ((3, 5), 0)
    assert Vocabulary.from_tokenizer(tmp_path, end_ids=[7], pad_id=8).end_ids == (7,)


@pytest.mark.parametrize("content", ["", "{}", "\udcff", "[1]"])
def test_files_that_are_no_tokenizer(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content, errors="surrogateescape")
    for path in (tmp_path, tmp_path / "tokenizer.json", tmp_path / "absent"):
        with pytest.raises(ModelError) as caught:
            Vocabulary.from_tokenizer(path)
        assert caught.value.rule == "tokenizer"
    (tmp_path / "t.xz").write_bytes(b"not xz")
    with pytest.raises(ModelError):
        Vocabulary.from_tokenizer(tmp_path / "t.xz")


def test_no_end_token_to_be_found() -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1}, []))
    tokenizer.decoder = decoders.ByteLevel()
    with pytest.raises(ModelError, match="ends a text"):
        Vocabulary.from_tokenizer(tokenizer)
    with pytest.raises(ModelError, match="no fast tokenizer"):
        Vocabulary.from_tokenizer(object())  # pyright: ignore[reportArgumentType]


@functools.cache
def gemma() -> tuple[Tokenizer, Vocabulary]:
    tokenizer = Tokenizer.from_buffer(lzma.decompress(GEMMA.read_bytes()))
    return tokenizer, Vocabulary.from_tokenizer(tokenizer)


@pytest.mark.slow
@pytest.mark.skipif(not GEMMA.exists(), reason="Gemma's tokenizer is not there (CANVASGEN_GEMMA_TOKENIZER)")
class TestGemma:
    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(TEXTS)
    def test_round_trip(self, text: str) -> None:
        assume(not spells_special(gemma()[0], text))
        check_round_trip(*gemma(), text)

    def test_special_and_added_tokens(self) -> None:
        tokenizer, vocabulary = gemma()
        assert vocabulary.size == 262145
        assert vocabulary.end_ids == (1, 106)
        for name in ("<bos>", "<start_of_turn>", "<start_of_image>", "<image_soft_token>"):
            assert vocabulary.tokens[tokenizer.token_to_id(name)] is None
        for text in ("\n", "\n\n\n", "<table>", "</h1>", "   "):
            (token,) = tokenizer.encode(text, add_special_tokens=False).ids
            assert vocabulary.tokens[token] == text.encode()

    def test_every_byte_has_exactly_one_token(self) -> None:
        _, vocabulary = gemma()
        # The bytes C0, C1 and F5..FF are never part of a text, but they have tokens too.
        assert [vocabulary.tokens.count(bytes([byte])) for byte in range(256)] == [1] * 256
