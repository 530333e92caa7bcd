"""What loading has to know of a kind of model; and the register of the kinds there are.

A new model is one file with a `Denoiser` and an `ARCHITECTURE`, and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from canvasgen.denoise.protocol import Denoiser
    from canvasgen.models.weights import LoadOptions

__all__ = ["ARCHITECTURES", "Architecture", "architecture_of"]


@dataclass(frozen=True)
class Architecture:
    """A kind of model.

    Attributes:
        name: as people call it.
        read: loads the weights of a checked source, a folder or a hub id, as the options say; raises ModelError if some
            are missing, and what its library raises.
        is_model: whether an object is a loaded model of this kind; wrappers have been taken off.
        denoiser: the model, perhaps wrapped, with its tokenizer as the loop sees them; raises ModelError if they do not
            suit each other.
    """

    name: str
    read: Callable[[str | Path, LoadOptions], Any]
    is_model: Callable[[Any], bool]
    denoiser: Callable[[Any, Any], Denoiser]


ARCHITECTURES = {"diffusion_gemma": "canvasgen.models.diffusion_gemma"}
"""By the `model_type` of a model's `config.json`, the module that holds its `ARCHITECTURE`; imported when it is used."""


def architecture_of(model_type: object, source: object) -> Architecture:
    """The architecture of a model type.

    Args:
        model_type: as `config.json` names it.
        source: what it was found in, for the error.

    Raises:
        ModelError: it is none that is known.
    """
    known = ", ".join(map(repr, ARCHITECTURES))
    if not isinstance(model_type, str) or model_type not in ARCHITECTURES:
        raise ModelError(
            f"{source} is a model of type {model_type!r}; known are: {known}",
            rule="architecture",
            value=model_type,
            remedy="name a checkpoint whose config.json has a known model_type, or give a Denoiser of your own",
        )
    found: Architecture = import_module(ARCHITECTURES[model_type]).ARCHITECTURE
    return found
