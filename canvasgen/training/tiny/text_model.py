"""The configuration of the embedded model: a small ``DiffusionGemmaForBlockDiffusion``."""

from __future__ import annotations

from transformers import DiffusionGemmaConfig
from transformers.models.diffusion_gemma.generation_diffusion_gemma import (
    DiffusionGemmaGenerationConfig,
    EntropyBoundSamplerConfig,
)

from canvasgen.models.embedded.special_tokens import BOS_ID, EOS_ID, PAD_ID
from canvasgen.training.shared.small_model import small_config
from canvasgen.training.tiny.text_tokenizer import VOCAB_SIZE

__all__ = ["CANVAS_LENGTH", "CANVAS_LENGTHS", "generation_config", "model_config"]

CANVAS_LENGTH = 128
CANVAS_LENGTHS = (32, 48, 64, 96, 128, 192, 256)
"""Those that it is trained on."""


def model_config(
    vocab_size: int = VOCAB_SIZE,
    hidden_size: int = 128,
    layers: int = 5,
    intermediate_size: int = 320,
    heads: int = 4,
    head_dim: int = 32,
) -> DiffusionGemmaConfig:
    """The configuration; see ``small_config``."""
    return small_config(vocab_size, CANVAS_LENGTH, hidden_size, layers, intermediate_size, heads, head_dim)


def generation_config() -> DiffusionGemmaGenerationConfig:
    """Defaults of the model's own ``generate()``."""
    return DiffusionGemmaGenerationConfig(
        max_new_tokens=CANVAS_LENGTH,
        max_denoising_steps=24,
        sampler_config=EntropyBoundSamplerConfig(entropy_bound=0.1),
        t_min=0.4,
        t_max=0.8,
        stability_threshold=1,
        confidence_threshold=0.005,
        pad_token_id=PAD_ID,
        eos_token_id=[EOS_ID],
        bos_token_id=BOS_ID,
    )
