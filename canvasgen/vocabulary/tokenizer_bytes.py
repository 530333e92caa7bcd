"""The true bytes of every token of a Hugging Face fast tokenizer, from its decoder and not from `decode()`.

`decode()` hides what a token is: it replaces ill-formed UTF-8, strips, and cleans up. The decoder's own
steps, applied to one token's text, give its bytes. Supported are the steps of byte-exact tokenizers:

- `ByteLevel` (GPT-2 and after): a character of the alphabet stands for a byte;
- `Replace` of a string, `Metaspace`: `▁` stands for a space;
- `ByteFallback`: `<0xE2>` stands for the byte E2;
- `Fuse`, and after it `Strip`: they act on the text as a whole (they drop the space that the tokenizer puts
  before a text), not on a token in its midst.

Other decoders (WordPiece, CTC, BPE with end-of-word suffix, none at all) put spaces between tokens as they
see fit, so that a token has no bytes of its own; they are refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["byte_map"]

_FALLBACK = re.compile(r"<0x[0-9A-Fa-f]{2}>\Z")
_FALLBACK_LENGTH = 6
_Step = Callable[[str], str]


def byte_map(tokenizer: Tokenizer) -> list[bytes | None]:
    """Return the bytes of each token id; None for what is no text: special tokens, the unknown token, unused ids.

    Added tokens that are not special (Gemma's runs of line breaks and its HTML tags) are text. A
    byte-fallback token whose byte an ordinary token also stands for is left out (None): the tokenizer never
    writes it.

    Raises:
        ModelError: the decoder is of a kind whose tokens have no bytes of their own.
    """
    steps, byte_fallback, byte_level = _steps(tokenizer)
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    added = tokenizer.get_added_tokens_decoder()
    tokens: list[bytes | None] = [None] * (max(vocabulary.values(), default=-1) + 1)
    fallback: list[int] = []
    unknown = _unknown_token(tokenizer)
    for content, token in vocabulary.items():
        if content == unknown or (token in added and added[token].special):
            continue
        if byte_level is not None:
            # The contents of added tokens are written as they are, not in the alphabet.
            tokens[token] = content.encode() if token in added else _from_alphabet(content, byte_level)
            continue
        text = content
        for step in steps:
            text = step(text)
        if byte_fallback and len(text) == _FALLBACK_LENGTH and _FALLBACK.match(text):
            tokens[token] = bytes([int(text[3:5], 16)])
            fallback.append(token)
        else:
            tokens[token] = text.encode() or None
    bytes_of_fallback = {token: tokens[token] for token in fallback}
    for token in fallback:
        tokens[token] = None
    ordinary = set(tokens)
    for token, content in bytes_of_fallback.items():
        if content not in ordinary:
            tokens[token] = content
    return tokens


def _steps(tokenizer: Tokenizer) -> tuple[list[_Step], bool, Mapping[int, int] | None]:
    """Return steps that rewrite a token's text; whether byte fallback follows; the alphabet if ByteLevel."""
    if tokenizer.decoder is None:
        raise _unsupported("none", "the tokenizer has no decoder")
    decoder: dict[str, Any] = json.loads(tokenizer.decoder.__getstate__())
    parts: list[dict[str, Any]] = decoder["decoders"] if decoder["type"] == "Sequence" else [decoder]
    steps: list[_Step] = []
    byte_fallback = fused = False
    for part in parts:
        kind = cast("str", part["type"])
        if kind == "ByteLevel" and len(parts) == 1:
            return [], False, _ALPHABET
        if kind == "Fuse":
            fused = True
        elif kind == "Strip" and fused:
            pass
        elif kind == "ByteFallback" and not fused:
            byte_fallback = True
        elif kind == "Replace" and not fused and not byte_fallback and "String" in part["pattern"]:
            steps.append(_replacement(part["pattern"]["String"], part["content"]))
        elif kind == "Metaspace" and not fused and not byte_fallback:
            steps.append(_replacement(part["replacement"], " "))
        else:
            names = " > ".join(str(each["type"]) for each in parts)
            raise _unsupported(kind, f"the tokenizer's decoder ({names}) gives a token no bytes of its own")
    return steps, byte_fallback, None


def _replacement(old: str, new: str) -> _Step:
    return lambda text: text.replace(old, new)


def _unsupported(kind: str, message: str) -> ModelError:
    return ModelError(
        message,
        rule="decoder",
        value=kind,
        remedy="use a ByteLevel, Metaspace or ByteFallback tokenizer, or give Vocabulary(tokens=[...])",
    )


def _unknown_token(tokenizer: Tokenizer) -> str | None:
    """Return the text of the token that stands for whatever the vocabulary lacks."""
    model: Any = tokenizer.model
    if hasattr(model, "unk_token"):
        return cast("str | None", model.unk_token)
    state: dict[str, Any] = json.loads(model.__getstate__())  # Unigram: an index into its list
    index = state.get("unk_id")
    return None if index is None else cast("str", state["vocab"][index][0])


def _alphabet() -> dict[int, int]:
    """Code point of a ByteLevel character -> byte, for `str.translate` (the byte-level BPE of GPT-2, 2019).

    Printable Latin-1 characters stand for themselves, the other bytes for U+0100 onwards in order. Latin-1
    characters outside the alphabet are sent to U+FFFF, so that they cannot pass for a byte.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    table = dict.fromkeys(others, 0xFFFF)
    table.update({byte: byte for byte in printable})
    table.update({0x100 + i: byte for i, byte in enumerate(others)})
    return table


_ALPHABET = _alphabet()


def _from_alphabet(content: str, alphabet: Mapping[int, int]) -> bytes:
    """Return the bytes of a ByteLevel token; a text with other characters stands for itself, as in the decoder."""
    mapped = content.translate(alphabet)
    if mapped and max(mapped) > "\xff":
        return content.encode()
    return mapped.encode("latin-1")
