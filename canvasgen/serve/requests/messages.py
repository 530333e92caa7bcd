"""Messages as clients send them -> messages with a role and a text, as the model's prompt takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.protocol.chat_body import Message, Part

__all__ = ["messages_of"]

_ROLES = {"developer": "system", "tool": "user", "function": "user"}
_TEXT_TYPES = frozenset({"text", "input_text", "output_text", "refusal"})


def messages_of(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return the conversation; calls and their results are told as text.

    Raises:
        ApiError: a part is no text, or a message is empty.
    """
    found: list[dict[str, str]] = []
    for number, message in enumerate(messages):
        at = f"$.messages[{number}]"
        text = _text(message.content, f"{at}.content")
        calls = [
            json.dumps({"name": call.function.name, "arguments": call.function.arguments}, ensure_ascii=False)
            for call in message.tool_calls or []
            if call.function is not None
        ]
        written = "\n".join([*([text] if text else []), *calls])
        if written or message.role == "assistant":
            found.append({"role": _ROLES.get(message.role, message.role), "content": written})
    if not any(one["content"] for one in found):
        raise ApiError(400, "the messages hold no text", "empty_prompt", "$.messages")
    return found


def _text(content: str | list[Part] | None, at: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    texts: list[str] = []
    for number, part in enumerate(content):
        if part.type not in _TEXT_TYPES or part.text is None:
            raise ApiError(
                400, f"this model reads text, not {part.type}", "unsupported_content", f"{at}[{number}].type"
            )
        texts.append(part.text)
    return "\n".join(texts)
