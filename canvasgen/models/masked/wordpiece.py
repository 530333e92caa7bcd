"""WordPiece tokens as text: with the space before them, and without.

WordPiece forgets white space: `(dear ann)` and `( dear ann )` have the same tokens. So a token of a word's beginning is two
tokens here: id `v` with a space before it, and id `V + v` without. `##ing` is the bytes `ing`, and punctuation is two
tokens as well. The model's probability of `v` is divided between the two, `SPACED` of it for the one with the space: a
model that knows no spaces cannot tell, and the constraint decides where it says more (the beginning of a text, fixed text of
a template, a regular expression).

What a tokenizer makes lower-case, or strips of accents, it cannot write: a template for such a model is written as the
tokenizer would.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from canvasgen.errors import ModelError
from canvasgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPACED", "WordPieces", "is_wordpiece", "wordpieces"]

SPACED = 0.99
"""Share of the tokens of words that have a space before them; of punctuation, that have none."""


@dataclass(frozen=True)
class WordPieces:
    """A vocabulary of 2V tokens over V WordPiece tokens.

    Attributes:
        vocabulary: id `v` of a word: with a space before it; id `V + v`: without. What has one form only is `v`.
        log_shares: float32 `[2V]`, by which part of its model's token a token is.
    """

    vocabulary: Vocabulary
    log_shares: Tensor

    @property
    def size(self) -> int:
        """V."""
        return self.vocabulary.size // 2

    def model_ids(self, ids: Tensor) -> Tensor:
        """Return the model's ids of tokens."""
        return ids % self.size

    def logits(self, logits: Tensor) -> Tensor:
        """Return the logits `[…, 2V]` of tokens from the model's, `[…, V]`."""
        return torch.cat([logits, logits], dim=-1) + self.log_shares.to(logits.device)


def is_wordpiece(tokenizer: Tokenizer) -> bool:
    """Return whether a tokenizer's decoder is WordPiece's."""
    if tokenizer.decoder is None:
        return False
    decoder: dict[str, Any] = json.loads(tokenizer.decoder.__getstate__())
    return decoder["type"] == "WordPiece"


def wordpieces(tokenizer: Tokenizer, end_ids: tuple[int, ...], size: int, pad_id: int | None) -> WordPieces:
    """Return the tokens of a WordPiece tokenizer.

    Args:
        tokenizer: its decoder is WordPiece's.
        end_ids: tokens that end a text.
        size: V, of the model's output.
        pad_id: the padding token.

    Raises:
        ModelError: the tokenizer's decoder is another one.
    """
    if not is_wordpiece(tokenizer):
        raise ModelError(
            "the tokenizer is no WordPiece", rule="decoder", remedy="use Vocabulary.from_tokenizer"
        )
    decoder: dict[str, Any] = json.loads(tokenizer.decoder.__getstate__())
    prefix = str(decoder["prefix"])
    special = {token for token, one in tokenizer.get_added_tokens_decoder().items() if one.special}
    unknown = getattr(tokenizer.model, "unk_token", None)
    tokens: list[bytes | None] = [None] * (2 * size)
    shares = torch.zeros(2 * size)
    shares[size:] = -math.inf
    for content, token in tokenizer.get_vocab(with_added_tokens=True).items():
        if token >= size or token in special or content == unknown or not content:
            continue
        if content.startswith(prefix) and len(content) > len(prefix):
            tokens[token] = content.removeprefix(prefix).encode()
            continue
        tokens[token], tokens[size + token] = f" {content}".encode(), content.encode()
        spaced = SPACED if any(letter.isalnum() for letter in content) else 1 - SPACED
        shares[token], shares[size + token] = math.log(spaced), math.log(1 - spaced)
    return WordPieces(Vocabulary(tokens, end_ids, pad_id), shares)
