"""Whether a prompt can fit into a model's context at all, by its characters and without its tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["check_length"]

_LONGEST_SPECIAL = 64
"""Characters of a special token that is written out in a text, at most."""
_MOST_CHARACTERS = 100_000_000
"""Characters of a prompt for a model without a largest context."""


def check_length(prompt: object, context: int | None, vocabulary: Vocabulary) -> None:
    """Raise ModelError for a prompt that is longer than the context, even in the longest tokens there are.

    Tokenizing takes time and memory; so the length is looked at first. What passes may still have too many tokens.

    Args:
        prompt: a text, or chat messages.
        context: tokens of the model's context; None: it has no largest one.
        vocabulary: the model's tokens.
    """
    longest = max(vocabulary.trie.max_depth, _LONGEST_SPECIAL)
    most = _MOST_CHARACTERS if context is None else context * longest
    count = 0
    for text in _texts(prompt):
        count += len(text)
        if count > most:
            raise ModelError(
                f"the prompt has more than {most} characters: too many for "
                + ("any model" if context is None else f"a context of {context} tokens"),
                rule="context length",
                value=count,
                remedy="shorten the prompt",
            )


def _texts(prompt: object) -> Iterable[str]:
    """Yield the texts of a prompt."""
    if isinstance(prompt, str):
        yield prompt
    elif is_sequence(prompt):
        for message in prompt:
            yield from _contents(message)


def _contents(message: object) -> Iterable[str]:
    if not is_mapping(message):
        return
    content: Any = message.get("content")
    if isinstance(content, str):
        yield content
    elif is_sequence(content):
        texts = [part.get("text") for part in content if is_mapping(part)]
        yield from (text for text in texts if isinstance(text, str))
