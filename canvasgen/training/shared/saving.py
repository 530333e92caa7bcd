"""Saving what a training run makes, each file whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion
from transformers.models.diffusion_gemma.generation_diffusion_gemma import DiffusionGemmaGenerationConfig

from canvasgen.models.embedded.special_tokens import BOS, EOS, PAD

__all__ = ["save_checkpoint", "save_model"]


def save_model(
    folder: Path,
    model: DiffusionGemmaForBlockDiffusion,
    words: Tokenizer,
    generation: DiffusionGemmaGenerationConfig,
) -> None:
    """Write the weights folder file by file, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(folder.name + ".new")
    model.generation_config = generation
    model.save_pretrained(fresh)
    words.save(str(fresh / "tokenizer.json"))
    named = {
        "pad_token": PAD,
        "eos_token": EOS,
        "bos_token": BOS,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (fresh / "tokenizer_config.json").write_text(json.dumps(named, indent=2) + "\n")
    for path in sorted(fresh.iterdir()):
        path.chmod(0o644)
        os.replace(path, folder / path.name)
    fresh.rmdir()


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write the run's state, whole or not at all."""
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    os.replace(fresh, path)
