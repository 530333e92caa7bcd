"""A vocabulary: what bytes each token id stands for, and which ids end a text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, cast

import numpy as np

from canvasgen.checks import whole_number
from canvasgen.errors import InvalidConstraint, ModelError
from canvasgen.vocabulary.spelling import fewest_tokens, tokens_at
from canvasgen.vocabulary.store import ArrayStore, cache_folder
from canvasgen.vocabulary.tokenizer_bytes import byte_map
from canvasgen.vocabulary.tokenizer_source import read_tokenizer
from canvasgen.vocabulary.trie import Trie

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

__all__ = ["Vocabulary"]

# Part of every fingerprint: to be raised when the meaning of cached arrays changes.
_VERSION = b"canvasgen vocabulary 1"

# The tries of vocabularies from this size on are kept on disk.
_LARGE = 50_000


class Vocabulary:
    """The tokens of a model, by id.

    Args:
        tokens: the bytes of each id; None (or empty) for ids that are no text: special, unused, padding.
        end_ids: ids that end a text; they are no text themselves, whatever `tokens` says.
        pad_id: what fills a canvas after the end; None: an end id.

    Raises:
        ModelError: an end or pad id outside the vocabulary, no end id at all, or no token that is text.
        InvalidConstraint: a token is no bytes, or an end id no whole number.
    """

    def __init__(
        self, tokens: Sequence[bytes | None], end_ids: Iterable[int], pad_id: int | None = None
    ) -> None:
        contents = [content or None for content in _checked_tokens(tokens)]
        ends = tuple(sorted({whole_number(token, rule="end_ids", low=None) for token in end_ids}))
        for rule, token in [*(("end_ids", token) for token in ends), ("pad_id", pad_id)]:
            if token is not None and not 0 <= token < len(contents):
                raise ModelError(
                    f"token {token} is none of the vocabulary's {len(contents)}",
                    rule=rule,
                    value=token,
                    remedy=f"give ids from 0 to {len(contents) - 1}",
                )
        if not ends:
            raise ModelError(
                "a vocabulary needs a token that ends a text", rule="end_ids", remedy="give end_ids=[...]"
            )
        for token in ends:
            contents[token] = None
        if not any(contents):
            raise ModelError(
                "no token of the vocabulary is text",
                rule="tokens",
                value=len(contents),
                remedy="give the bytes of each token, None only for those that are no text",
            )
        self.tokens: tuple[bytes | None, ...] = tuple(contents)
        self.end_ids = ends
        self.pad_id = pad_id

    @classmethod
    def from_tokenizer(
        cls,
        tokenizer: PreTrainedTokenizerBase | Tokenizer | str | PathLike[str],
        end_ids: Iterable[int] | None = None,
        size: int | None = None,
        pad_id: int | None = None,
    ) -> Vocabulary:
        """Return the vocabulary of a Hugging Face fast tokenizer.

        Args:
            tokenizer: a `tokenizers.Tokenizer`, a transformers tokenizer, a model folder, or a
                `tokenizer.json` file (as it is, or compressed with `.xz`).
            end_ids: None: what the folder's generation config or the transformers tokenizer says; else the
                special tokens with one of the usual names of an end token.
            size: of the model's output; ids beyond the tokenizer's are no text, tokens beyond it are dropped.
            pad_id: None: what the folder or the transformers tokenizer says.

        Raises:
            ModelError: no fast tokenizer, a decoder that is not byte-exact, or no end token to be found.
        """
        source = read_tokenizer(tokenizer)
        tokens = byte_map(source.tokenizer)
        if size is not None:
            tokens = tokens[:size] + [None] * (size - len(tokens))
        ends = source.end_ids if end_ids is None else tuple(end_ids)
        pad = source.pad_id if pad_id is None else pad_id
        if pad_id is None and pad is not None and pad >= len(tokens):
            pad = None
        return cls(tokens, ends, pad)

    @property
    def size(self) -> int:
        """V, the number of ids."""
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({self.size} tokens, end_ids={self.end_ids}, pad_id={self.pad_id})"

    def text_bytes(self, ids: Iterable[int]) -> bytes:
        """Return the bytes of the text that ids spell, up to the first end token; ids that are no text add nothing.

        Raises:
            IndexError: an id outside the vocabulary.
        """
        parts: list[bytes] = []
        for token in ids:
            if token in self.end_ids:
                break
            if not 0 <= token < self.size:
                raise IndexError(f"token {token} is none of the vocabulary's {self.size}")
            parts.append(self.tokens[token] or b"")
        return b"".join(parts)

    def spell(self, content: bytes) -> tuple[int, ...] | None:
        """Return the ids of the fewest tokens that spell some bytes, longest first; None if none do.

        The tokenizer itself may cut a text otherwise: it is not asked.
        """
        return fewest_tokens(self.trie, content)

    def tokens_at(self, content: bytes, start: int) -> list[tuple[int, int]]:
        """Return the tokens that stand in some bytes from `start` on, with their lengths, increasing; of tokens with equal
        bytes the lowest id."""
        return tokens_at(self.trie, content, start)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over all that defines the vocabulary, in hexadecimal."""
        lengths = [-1 if content is None else len(content) for content in self.tokens]
        digest = hashlib.sha256(_VERSION)
        digest.update(repr((self.size, self.end_ids, self.pad_id)).encode())
        digest.update(np.array(lengths, "<i4").tobytes())
        digest.update(b"".join(content for content in self.tokens if content is not None))
        return digest.hexdigest()

    @cached_property
    def single_bytes(self) -> frozenset[int]:
        """The bytes that are tokens by themselves."""
        trie = self.trie
        nodes = trie.order_node[trie.depth[trie.order_node] == 1]
        return frozenset(trie.byte[nodes].tolist())

    @cached_property
    def trie(self) -> Trie:
        """The byte trie of the tokens; kept on disk for large vocabularies (see `cache_folder`)."""
        if self.size < _LARGE:
            return Trie.build(self.tokens)
        store = ArrayStore(cache_folder())
        key = f"trie 2 {self.fingerprint}"
        arrays = store.load(key)
        names = [field.name for field in fields(Trie)]
        if arrays is not None and sorted(arrays) == sorted(names):
            found = Trie(**arrays)
            if found.fits(self.size):
                return found
        trie = Trie.build(self.tokens)
        store.save(key, {name: getattr(trie, name) for name in names})
        return trie


def _checked_tokens(tokens: Iterable[bytes | None]) -> list[bytes | None]:
    """Return the tokens; raise InvalidConstraint for one that is neither bytes nor None."""
    listed: list[object] = list(tokens)
    wrong = next((at for at, content in enumerate(listed) if not isinstance(content, bytes | None)), None)
    if wrong is not None:
        raise InvalidConstraint(
            "a token is bytes, or None",
            path=f"token {wrong}",
            rule="tokens",
            value=listed[wrong],
            remedy="encode it",
        )
    return cast("list[bytes | None]", listed)
