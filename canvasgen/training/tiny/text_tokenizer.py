"""The tokenizer of the embedded model: ByteLevel BPE, byte-exact, built from the generator's own text.

Digits stand alone; words never take the space before them (so a value has the same tokens in prose and in
JSON), except a few function words that hardly ever start a value; JSON punctuation and its white space merge.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from canvasgen.models.embedded.special_tokens import BOS, BOS_ID, EOS, PAD
from canvasgen.training.tiny.data.examples import LEVELS, examples

__all__ = ["VOCAB_SIZE", "build", "corpus", "load"]

VOCAB_SIZE = 1536

_FUNCTION = (
    "is|was|in|at|the|of|and|for|to|from|by|on|with|has|are|be|as|a|an|can|years|old|born|works|lives|based"
    "|number|been|not"
)
_PATTERN = (
    rf" (?:{_FUNCTION})(?![A-Za-z0-9])"
    r"|[ \n]*[{}\[\]\":,;|]+[{}\[\]\":,;| \n]*"
    r"|\d|[A-Za-z]+|\n+ *|\. | +|[^A-Za-z0-9\s{}\[\]\":,;|]+?|\s"
)


def build(texts: Iterator[str], vocab_size: int = VOCAB_SIZE) -> Tokenizer:
    """Train the tokenizer on texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, BOS_ID)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, EOS, BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=14,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def corpus(seed: int = 0, count: int = 30_000) -> Iterator[str]:
    """Prompts and answers of the training split, all levels alike."""
    streams = [examples(seed, "train", level) for level in range(LEVELS)]
    for example in itertools.islice(itertools.chain.from_iterable(zip(*streams, strict=True)), count):
        yield example.full_prompt
        yield example.text


def load(folder: Path) -> Tokenizer:
    """The tokenizer of a weights folder."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
