"""Loading a model: the embedded one, a folder, a hub id, a pair, or a denoiser of one's own."""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from canvasgen.denoise.protocol import Denoiser
from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.forks import settle
from canvasgen.models.architecture import architecture_of
from canvasgen.models.embedded import sudoku, tiny
from canvasgen.models.prompts import GreedyPrompts, Prompt, PromptEncoder, prompt_encoder
from canvasgen.models.weights import LoadOptions
from canvasgen.models.weights.adapters import add_adapter, unwrapped
from canvasgen.models.weights.quantization import require_readable

if TYPE_CHECKING:
    import torch

    from canvasgen.constraints.shown import Shown

__all__ = ["EMBEDDED", "Loaded", "Options", "checked_source", "load", "load_tokenizer", "loading_errors"]

EMBEDDED = {"tiny": tiny, "sudoku": sudoku}


class Options(TypedDict, total=False):
    """The options of `load`; see `LoadOptions`."""

    device: str | torch.device | None
    dtype: str | torch.dtype | None
    device_map: str | Mapping[str, Any] | None
    quantization: Any
    attn_implementation: str | None
    revision: str | None
    adapter: str | Path | None
    trust_remote_code: bool


@dataclass(frozen=True)
class Loaded:
    """A model ready to run, the way its prompts are made, and whether its canvases start from an answer's fixed text."""

    denoiser: Denoiser
    prompts: PromptEncoder
    lays_text: bool = False

    def encode(self, prompt: Prompt, shown: Shown | None = None) -> list[int]:
        """Token ids of a prompt, and of what the model is told of its answer."""
        return self.prompts.encode(prompt, shown)


def load(model: object = None, **options: Unpack[Options]) -> Loaded:
    """Loads a model; see `canvasgen.load` for the arguments.

    Raises:
        ModelError: there is no such model, its files are incomplete, it is of no known architecture, it cannot be
            reached, code that comes with it is not trusted, or an option does not fit it.
        MissingPackage: an option needs a package that is not installed.
    """
    settle()
    how = LoadOptions(**options)
    if model is None:
        return _from_name(tiny.WEIGHTS, how)
    if isinstance(model, (str, Path)):
        return _from_name(model, how)
    if isinstance(model, tuple) and len(model) == 2:
        how.require_unread(f"a {type(model[0]).__name__}")
        return _from_pair(*model)
    if isinstance(model, Denoiser):
        how.require_unread(f"a {type(model).__name__}")
        return Loaded(model, GreedyPrompts(model.vocabulary))
    raise ModelError(
        f"a {type(model).__name__} is no model",
        rule="model",
        remedy="give a hub id, a folder, a (model, tokenizer) pair or a Denoiser",
    )


def _from_pair(model: Any, tokenizer: Any) -> Loaded:
    """A model with its tokenizer, or a processor that holds one."""
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)
    if isinstance(model, Denoiser):
        return Loaded(model, prompt_encoder(tokenizer))
    inner = unwrapped(model)
    kind = architecture_of(_model_type_of(inner), f"a {type(inner).__name__}")
    if not kind.is_model(inner):
        raise ModelError(
            f"a {type(model).__name__} is no {kind.name} that generates",
            rule="architecture",
            remedy="give the model's class for generation, or a Denoiser",
        )
    denoiser = kind.denoiser(model, tokenizer)
    if kind.prompts is None:
        return Loaded(denoiser, prompt_encoder(tokenizer), kind.lays_text)
    return Loaded(denoiser, kind.prompts(tokenizer, denoiser.vocabulary), kind.lays_text)


def _model_type_of(model: Any) -> Any:
    return getattr(getattr(model, "config", None), "model_type", None)


def _from_name(name: str | Path, how: LoadOptions) -> Loaded:
    name, config = checked_source(name, **how.revised)
    with loading_errors(name):
        kind = architecture_of(config.get("model_type"), name)
        if kind.needs_remote_code and not how.trust_remote_code:
            raise ModelError(
                f"{name} is a {kind.name}: code that comes with its weights has to run",
                rule="trust_remote_code",
                remedy="read that code, then load the model with trust_remote_code=True, or give a (model, tokenizer) pair",
            )
        require_readable(name, config, how.quantization)
        model = kind.read(name, how)
        if how.adapter is not None:
            with loading_errors(how.adapter):
                add_adapter(model, how.adapter)
        remote = kind.needs_remote_code and how.trust_remote_code
        return _from_pair(model, load_tokenizer(name, trust_remote_code=remote, **how.revised))


def checked_source(model: str | Path, **revised: str) -> tuple[str | Path, Mapping[str, Any]]:
    """Where a model is (a Path for a folder, a str for a hub id) and its `config.json`; reads no weights.

    Raises:
        ModelError: as for `load`.
    """
    name = _place(model)
    if revised and isinstance(name, Path):
        raise ModelError(
            f"the folder {name} has no revisions",
            rule="revision",
            value=revised["revision"],
            remedy="give a hub id, or leave `revision` out",
        )
    config = _config_of_folder(name) if isinstance(name, Path) else _config_of_hub(name, **revised)
    architecture_of(config.get("model_type"), name)
    return name, config


def load_tokenizer(name: str | Path, *, trust_remote_code: bool = False, **revised: str) -> Any:
    """The tokenizer of a checked source; a folder may hold nothing but `tokenizer.json`."""
    if isinstance(name, Path) and not (name / "tokenizer_config.json").is_file():
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(name / "tokenizer.json"))
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(name, trust_remote_code=trust_remote_code, **revised)


def _place(model: str | Path) -> str | Path:
    """A Path for an embedded model or a folder that exists, a str for a hub id."""
    for name, embedded in EMBEDDED.items():
        if model in (name, embedded.WEIGHTS):
            if not (embedded.WEIGHTS / "config.json").is_file():
                raise ModelError(
                    f"this installation has no weights of the embedded model {name!r}",
                    rule="model",
                    remedy="install the package again, or name another model",
                )
            return embedded.WEIGHTS
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    text = str(model)
    if (
        isinstance(model, Path)
        or folder.exists()
        or text.startswith((".", "/", "~", "\\"))
        or text.count("/") != 1
    ):
        raise ModelError(
            f"there is no model folder {text!r}",
            rule="model",
            value=text,
            remedy=f"name an embedded model ({', '.join(EMBEDDED)}), a folder, or a hub id owner/name",
        )
    return text


def _config_of_folder(folder: Path) -> Mapping[str, Any]:
    """The folder's `config.json`, after a look whether all is there."""
    needed = {
        "config.json": "*config.json",
        "model.safetensors": "*.safetensors",
        "tokenizer.json": "tokenizer.json",
    }
    for name, pattern in needed.items():
        if not any(folder.glob(name if name == "config.json" else pattern)):
            raise ModelError(
                f"the folder {folder} has no {name}",
                rule="model folder",
                remedy="copy the complete checkpoint there",
            )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder / 'config.json'} cannot be read: {error}",
            rule="config.json",
            remedy="give the folder of a whole checkpoint, or the name of a model on the hub",
        ) from error
    return config if isinstance(config, Mapping) else {}


def _config_of_hub(name: str, **revised: str) -> Mapping[str, Any]:
    with loading_errors(name):
        from transformers import PreTrainedConfig

        config, _ = PreTrainedConfig.get_config_dict(name, **revised)
        return config


_LONG = 1_000_000_000
"""Bytes of weights from which a bar is shown while they are loaded."""


def takes_long(name: str | Path) -> bool:
    """Return whether loading may take long enough for a progress bar, and there is a terminal that can show one."""
    shows = (
        sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    )
    folder = Path(name)
    if not shows or not folder.is_dir():
        return shows  # a name of the hub: there may be a download
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) >= _LONG


@contextmanager
def _quiet(bars_wanted: bool) -> Generator[None, None, None]:
    """Keeps transformers from talking while it loads, but for its progress bars where they are wanted."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if not bars_wanted:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def loading_errors(name: str | Path) -> Generator[None, None, None]:
    """Turns what loading may raise into a ModelError; of transformers' talk only a bar for large weights is left."""
    from safetensors import SafetensorError

    try:
        with _quiet(takes_long(name)):
            yield
    except OSError as error:
        raise ModelError(
            f"{name} cannot be loaded: {_first_line(error)}",
            rule="model",
            remedy="check the name and the network, or download it first and name its folder",
        ) from error
    except CanvasgenError:
        raise
    except ImportError as error:
        raise ModelError(
            f"{name} cannot be loaded: {_first_line(error)}",
            rule="package",
            remedy="install the package that the message names",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{name} cannot be loaded: {_first_line(error)}",
            rule="model",
            remedy="get the complete checkpoint again",
        ) from error


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines()]
    if len(lines) > 1 and lines[0].endswith(":"):
        return f"{lines[0]} {lines[1]}"
    return lines[0] if lines else type(error).__name__
