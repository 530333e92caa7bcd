"""Log-probabilities of tokens in OpenAI's forms.

`logprob` is that of the token at its position of the canvas, given that the text is valid; `model_logprob` is the model's
own, without the constraint. Both are marginals: of one position, over all that the others may hold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import JsonValue

from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.denoise import Completion
    from canvasgen.denoise.telling.token_logs import TokenLog
    from canvasgen.vocabulary import Vocabulary

__all__ = ["chat_logprobs", "text_logprobs"]

_LEAST = -9999.0
"""What is told where the model gives a token no probability at all; JSON has no infinity."""


def chat_logprobs(completion: Completion, vocabulary: Vocabulary) -> JsonObject:
    """Return `logprobs` of a chat's choice; the end of the text is no token of it."""
    content: list[JsonValue] = []
    for log in _of_text(completion, vocabulary):
        alternatives: list[JsonValue] = [_told(one, vocabulary) for one in log.alternatives]
        content.append({**_told(log, vocabulary), "top_logprobs": alternatives})
    return {"content": content, "refusal": None}


def text_logprobs(completion: Completion, vocabulary: Vocabulary) -> JsonObject:
    """Return `logprobs` of a completion's choice."""
    logs = _of_text(completion, vocabulary)
    texts = [_text(log.token, vocabulary) for log in logs]
    offsets: list[JsonValue] = []
    written = b""
    for log in logs:
        offsets.append(len(written.decode("utf-8", "replace")))
        written += _bytes(log.token, vocabulary)
    return {
        "tokens": [*texts],
        "token_logprobs": [_number(log.log_prob) for log in logs],
        "model_logprobs": [_number(log.model_log_prob) for log in logs],
        "top_logprobs": [
            {_text(one.token, vocabulary): _number(one.log_prob) for one in log.alternatives} for log in logs
        ],
        "text_offset": offsets,
    }


def _of_text(completion: Completion, vocabulary: Vocabulary) -> list[TokenLog]:
    return [log for log in completion.logprobs if log.token not in vocabulary.end_ids]


def _told(log: TokenLog, vocabulary: Vocabulary) -> JsonObject:
    return {
        "token": _text(log.token, vocabulary),
        "bytes": [*_bytes(log.token, vocabulary)],
        "logprob": _number(log.log_prob),
        "model_logprob": _number(log.model_log_prob),
    }


def _bytes(token: int, vocabulary: Vocabulary) -> bytes:
    return vocabulary.tokens[token] or b""


def _text(token: int, vocabulary: Vocabulary) -> str:
    if token in vocabulary.end_ids:
        return "<end>"
    return _bytes(token, vocabulary).decode("utf-8", "replace")


def _number(value: float) -> float:
    return value if math.isfinite(value) else _LEAST
