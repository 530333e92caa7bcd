"""What loading has to know of a kind of model; and the register of the kinds there are.

A new model is one file with a `Denoiser` and an `ARCHITECTURE`, and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from canvasgen.denoise.protocol import Denoiser
    from canvasgen.models.prompts import PromptEncoder
    from canvasgen.models.weights import LoadOptions
    from canvasgen.vocabulary import Vocabulary

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
        vocabulary: from the `config.json` and a tokenizer to the vocabulary, without weights.
        prompts: from a tokenizer and the denoiser's vocabulary to the way that prompts are written; None: that of the
            tokenizer's chat template, or the plain form.
        needs_remote_code: whether code that comes with the weights has to run.
        lays_text: whether the fixed text of an answer is on the canvas from the first step on, with noise in its holes, as
            for a gap. Otherwise the model is told of it in the prompt, and writes it.
    """

    name: str
    read: Callable[[str | Path, LoadOptions], Any]
    is_model: Callable[[Any], bool]
    denoiser: Callable[[Any, Any], Denoiser]
    vocabulary: Callable[[Mapping[str, Any], Any], Vocabulary] | None = None
    prompts: Callable[[Any, Vocabulary], PromptEncoder] | None = None
    needs_remote_code: bool = False
    lays_text: bool = False


_MASKED_LMS = (
    "albert",
    "bert",
    "camembert",
    "deberta-v2",
    "distilbert",
    "electra",
    "modernbert",
    "mpnet",
    "roberta",
    "xlm-roberta",
)

ARCHITECTURES = {
    "diffusion_gemma": "canvasgen.models.diffusion_gemma",
    "llada": "canvasgen.models.masked.families:LLADA",
    "llada2_moe": "canvasgen.models.masked.families:LLADA2",
    "Dream": "canvasgen.models.masked.families:DREAM",
    "sdar": "canvasgen.models.masked.families:SDAR",
    "sdar_moe": "canvasgen.models.masked.families:SDAR",
    "nemotron_labs_diffusion": "canvasgen.models.masked.families:NEMOTRON",
    **dict.fromkeys(_MASKED_LMS, "canvasgen.models.masked.masked_lm"),
}
"""By the `model_type` of a model's `config.json`, the module that holds its `ARCHITECTURE`, or `module:NAME`; imported when
it is used."""


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
    module, _, name = ARCHITECTURES[model_type].partition(":")
    found: Architecture = getattr(import_module(module), name or "ARCHITECTURE")
    return found
