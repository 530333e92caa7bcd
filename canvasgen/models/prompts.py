"""From a prompt and the `Shown` of a constraint to the token ids that a model reads.

A model with a chat template gets chat messages, with instructions in the last user turn. One without
gets the plain text form that the embedded model was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.errors import ModelError
from canvasgen.models.embedded.sudoku.find_grid import find_grid
from canvasgen.models.embedded.sudoku.grid_tokens import ANSWER_IDS, VOCABULARY, prompt_ids
from canvasgen.models.embedded.tiny.prompt_form import format_prompt
from canvasgen.models.wording import instructions, plain_form

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

    from canvasgen.constraints.shown import Shown
    from canvasgen.vocabulary import Vocabulary

__all__ = [
    "ChatPrompts",
    "GreedyPrompts",
    "PlainPrompts",
    "Prompt",
    "PromptEncoder",
    "SudokuPrompts",
    "prompt_encoder",
    "text_of",
]

Message: TypeAlias = Mapping[str, Any]
Prompt: TypeAlias = "str | Sequence[Message]"
"""A text, or chat messages `{"role": …, "content": …}`."""


class PromptEncoder(Protocol):
    """Turns prompts into token ids."""

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the token ids of the prompt, with the description of the answer if `shown` is not None."""
        ...

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a part of an answer, without special tokens."""
        ...


class ChatPrompts:
    """Encodes prompts with the tokenizer's chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the chat with the instructions at the end of the last user turn, ready for the model's answer."""
        messages = [dict(message) for message in _messages(prompt)]
        asked = None if shown is None else instructions(shown)
        if asked is not None:
            _instruct(messages, asked)
        tokenizer: Any = self._tokenizer
        ids: Any = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return [int(token) for token in ids]

    def tokens(self, text: str) -> list[int]:
        """Return the tokenizer's ids."""
        ids: Any = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return [int(token) for token in ids]


class PlainPrompts:
    """Encodes prompts as plain text with a short form of the schema, as in the embedded model's training data."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the text, then one line with the schema's fields and types, or the form."""
        return list(self._tokenizer.encode(_plain(prompt, shown)).ids)

    def tokens(self, text: str) -> list[int]:
        """Return the tokenizer's ids."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


class GreedyPrompts:
    """Encodes prompts for a model with a vocabulary and no tokenizer: the longest token at every place."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._ids: dict[bytes, int] = {}
        for token, content in enumerate(vocabulary.tokens):
            if content:
                self._ids.setdefault(content, token)
        self._longest = max(map(len, self._ids), default=0)

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the text in the plain form.

        Raises:
            ModelError: the vocabulary has no token for some byte of it.
        """
        return self.tokens(_plain(prompt, shown))

    def tokens(self, text: str) -> list[int]:
        """Return the longest token at every place.

        Raises:
            ModelError: the vocabulary has no token for some byte of it.
        """
        content = text.encode()
        ids: list[int] = []
        at = 0
        while at < len(content):
            for length in range(min(self._longest, len(content) - at), 0, -1):
                token = self._ids.get(content[at : at + length])
                if token is not None:
                    ids.append(token)
                    at += length
                    break
            else:
                raise ModelError(
                    "the vocabulary has no token for a byte of the text",
                    path=f"byte {at}",
                    rule="vocabulary",
                    value=content[at : at + 1],
                    remedy="load the model as a (model, tokenizer) pair",
                )
        return ids


class SudokuPrompts:
    """Encodes prompts for the embedded Sudoku model: only the puzzle, one token for each cell."""

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the first grid of the form if there is one, else of the prompt.

        Raises:
            ModelError: there is no 4 x 4, 6 x 6 or 9 x 9 grid.
        """
        grid = None if shown is None else find_grid(shown.form(lambda hole: hole.mark or "{}"))
        if grid is None:
            grid = find_grid(text_of(prompt))
        if grid is None:
            raise ModelError(
                "there is no Sudoku in the prompt",
                rule="prompt",
                value=prompt,
                remedy="give 4, 6 or 9 lines of as many digits, with '.' for a blank",
            )
        return prompt_ids(grid[None])[0].tolist()

    def tokens(self, text: str) -> list[int]:
        """Return one token for each character.

        Raises:
            ModelError: a character is neither a digit nor a newline.
        """
        for at, character in enumerate(text):
            if character not in ANSWER_IDS:
                raise ModelError(
                    "the Sudoku model writes digits and newlines alone",
                    path=f"character {at}",
                    rule="vocabulary",
                    value=character,
                    remedy="take another model for this constraint",
                )
        return [ANSWER_IDS[character] for character in text]


def prompt_encoder(tokenizer: PreTrainedTokenizerBase | Tokenizer) -> PromptEncoder:
    """Return the encoder for a tokenizer: that of Sudokus, its chat template if it has one, else the plain form."""
    plain: Any = getattr(tokenizer, "backend_tokenizer", tokenizer)
    id_of: Any = getattr(plain, "token_to_id", None)
    if id_of is not None and id_of(VOCABULARY[-1]) is not None:
        return SudokuPrompts()
    chat: Any = tokenizer
    return ChatPrompts(chat) if getattr(chat, "chat_template", None) else PlainPrompts(plain)


def _messages(prompt: Prompt) -> Sequence[Message]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    wrong = [message for message in prompt if not _is_message(message)]
    if wrong or not prompt:
        raise ModelError(
            "a prompt is a text or a list of chat messages",
            rule="prompt",
            value=wrong[0] if wrong else prompt,
            remedy='give messages as {"role": "user", "content": "…"}',
        )
    return prompt


def _is_message(value: object) -> bool:
    """Return whether a value has a role, and a content that is a text or a list of parts."""
    if not (is_mapping(value) and isinstance(value.get("role"), str)):
        return False
    content = value.get("content")
    if isinstance(content, str):
        return True
    return is_sequence(content) and all(
        is_mapping(part) and isinstance(part.get("text", ""), str) for part in content
    )


def _plain(prompt: Prompt, shown: Shown | None) -> str:
    """Return the plain text form: the prompt, and below it the form of the answer."""
    text = text_of(prompt).strip()
    below = None if shown is None else plain_form(shown)
    return format_prompt(text if below is None else f"{text}\n{below}", None)


def text_of(prompt: Prompt) -> str:
    """Return the contents of the messages, one below the other."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join(part for message in _messages(prompt) for part in _parts(message["content"]))


def _parts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content if isinstance(part, Mapping) and "text" in part]


def _instruct(messages: list[dict[str, Any]], instruction: str) -> None:
    """Append the instruction to the last user turn; add one to a chat without."""
    users = [message for message in messages if message["role"] == "user"]
    if not users:
        messages.append({"role": "user", "content": instruction})
    elif isinstance(users[-1]["content"], str):
        users[-1]["content"] = f"{users[-1]['content'].rstrip()}\n\n{instruction}".lstrip()
    else:
        users[-1]["content"] = [*users[-1]["content"], {"type": "text", "text": instruction}]
