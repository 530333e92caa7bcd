"""Where a tokenizer comes from: an object, a folder or a file; and what it says of end and padding."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

__all__ = ["TokenizerSource", "read_tokenizer"]

# Names of tokens that end a text or a turn, of the common model families; only special tokens count.
_END_NAMES = (
    "<eos>",
    "<end_of_turn>",
    "<turn|>",
    "</s>",
    "<|endoftext|>",
    "<|im_end|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|end|>",
    "<|return|>",
    "<|eos|>",
    "<|endofmask|>",
    "<｜end▁of▁sentence｜>",
)
_PAD_NAMES = ("<pad>", "[PAD]", "<|pad|>")


@dataclass(frozen=True)
class TokenizerSource:
    """A tokenizer and the ids that its source names.

    Attributes:
        tokenizer: the fast tokenizer.
        end_ids: ids that end a text; empty if nothing says which.
        pad_id: the padding id; None if nothing says which.
    """

    tokenizer: Tokenizer
    end_ids: tuple[int, ...]
    pad_id: int | None


def read_tokenizer(
    tokenizer: PreTrainedTokenizerBase | Tokenizer | str | PathLike[str],
) -> TokenizerSource:
    """Find the fast tokenizer, and the end and padding ids.

    Raises:
        ModelError: nothing there that is a fast tokenizer.
    """
    if isinstance(tokenizer, str | PathLike):
        return _from_path(Path(tokenizer).expanduser())
    from tokenizers import Tokenizer

    if isinstance(tokenizer, Tokenizer):
        return _by_name(tokenizer)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(
            f"a {type(tokenizer).__name__} is no fast tokenizer",
            rule="tokenizer",
            remedy="give a tokenizers.Tokenizer, a fast tokenizer of transformers, a folder or a file",
        )
    named = _by_name(backend)
    said = _ids({name: getattr(tokenizer, name, None) for name in ("eos_token_id", "pad_token_id")})
    return _merge(said, named)


def _from_path(path: Path) -> TokenizerSource:
    from tokenizers import Tokenizer

    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        content = file.read_bytes()
        if file.suffix == ".xz":
            content = lzma.decompress(content)
    except (OSError, lzma.LZMAError) as error:
        raise ModelError(
            f"no tokenizer can be read: {error}",
            rule="tokenizer",
            value=str(path),
            remedy="give a folder with tokenizer.json, or the name of a model on the hub",
        ) from error
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except ValueError as error:
        raise ModelError(
            f"the file holds no tokenizer: {error}",
            rule="tokenizer",
            value=str(path),
            remedy="give a tokenizer.json of the `tokenizers` library",
        ) from error
    said: tuple[tuple[int, ...], int | None] = ((), None)
    if path.is_dir():
        for name in ("generation_config.json", "config.json"):
            if not said[0]:
                said = _ids(_read_json(path / name))
    return _merge(said, _by_name(tokenizer))


def _read_json(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        value: object = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{file.name} cannot be read: {error}",
            rule="tokenizer",
            value=str(file),
            remedy="give a folder whose files are whole JSON",
        ) from error
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _ids(config: Mapping[str, Any]) -> tuple[tuple[int, ...], int | None]:
    """End ids and padding id out of `eos_token_id` (a number or a list) and `pad_token_id`."""
    ends: Any = config.get("eos_token_id")
    pad: Any = config.get("pad_token_id")
    ends = [ends] if isinstance(ends, int) else ends or []
    return tuple(int(token) for token in ends), pad if isinstance(pad, int) else None


def _by_name(tokenizer: Tokenizer) -> TokenizerSource:
    special = {
        added.content: token for token, added in tokenizer.get_added_tokens_decoder().items() if added.special
    }
    ends = tuple(special[name] for name in _END_NAMES if name in special)
    pads = [special[name] for name in _PAD_NAMES if name in special]
    return TokenizerSource(tokenizer, ends, pads[0] if pads else None)


def _merge(said: tuple[tuple[int, ...], int | None], named: TokenizerSource) -> TokenizerSource:
    """Merge the ids of two origins: those of the configuration go before those found by name."""
    ends, pad = said
    return TokenizerSource(named.tokenizer, ends or named.end_ids, named.pad_id if pad is None else pad)
