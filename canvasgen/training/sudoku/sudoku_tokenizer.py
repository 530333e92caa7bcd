"""The tokenizer of the Sudoku model: one token a character, byte-exact; what stands in prompts is special."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from canvasgen.models.embedded.sudoku.grid_tokens import VOCABULARY

__all__ = ["build"]


def build() -> Tokenizer:
    """The tokenizer; there is nothing in it to learn."""
    newline = "Ċ"  # its name in the ByteLevel alphabet
    vocabulary = {newline if token == "\n" else token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([token for token in VOCABULARY if token.startswith("<")])
    return tokenizer
