"""Tiny random models of the published families of mask noise, as classes and as folders.

The classes in `published/` are written for these tests, from what the published configurations and code do.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from canvasgen.models.masked import families
from canvasgen.models.masked.causal_context import CausalContextModel
from canvasgen.models.masked.masked_model import MaskedModel

CODE = Path(__file__).parent / "published"
PAD, END, TURN, MASK = 256, 257, 258, 259
"""Behind the bytes, whose ids are not their values."""
TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<model>"


@dataclass(frozen=True)
class Tiny:
    """Where a family's tiny model is: its module, classes, and what its configuration says besides."""

    module: str
    config: str
    model: str
    architecture: Any
    auto: str = "AutoModelForCausalLM"
    options: dict[str, Any] = field(default_factory=dict[str, Any])


FAMILIES = {
    "llada": Tiny("modeling_llada", "LLaDAConfig", "LLaDAModelLM", families.LLADA, "AutoModel"),
    "dream": Tiny("modeling_dream", "DreamConfig", "DreamModel", families.DREAM, "AutoModel"),
    "llada2": Tiny("modeling_llada2_moe", "LLaDA2MoeConfig", "LLaDA2MoeModelLM", families.LLADA2),
    "llada2-ones": Tiny(
        "modeling_llada2_moe",
        "LLaDA2MoeConfig",
        "LLaDA2MoeModelLM",
        families.LLADA2,
        options={"form": "ones"},
    ),
    "llada2.1": Tiny(
        "modeling_llada2_moe",
        "LLaDA2MoeConfig",
        "LLaDA21MoeModelLM",
        families.LLADA2,
        options={"form": "zero-one"},
    ),
    "sdar": Tiny("modeling_sdar", "SDARConfig", "SDARForCausalLM", families.SDAR),
    "nemotron": Tiny(
        "modeling_nemotron_labs_diffusion",
        "NemotronLabsDiffusionConfig",
        "NemotronLabsDiffusionModel",
        families.NEMOTRON,
        "AutoModel",
    ),
}


def wrapped_tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, then padding, the end of a text, the end of a turn, and the mask."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.decoder = decoders.ByteLevel()
    words.add_special_tokens(
        [AddedToken(name) for name in ("<pad>", "<|endoftext|>", "<|im_end|>", "<|MASK|>")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        eos_token="<|endoftext|>",
        mask_token="<|MASK|>",
        chat_template=TEMPLATE,
    )


def code_of(module: str) -> Any:
    """A module of `published/`."""
    if str(CODE.parent) not in sys.path:
        sys.path.insert(0, str(CODE.parent))
    return import_module(f"published.{module}")


def model_of(name: str, seed: int = 0, **options: Any) -> Any:
    """A random model of a family."""
    tiny = FAMILIES[name]
    code = code_of(tiny.module)
    config = getattr(code, tiny.config)(**{**tiny.options, **options})
    return code_of("tiny_layers").sharpen(getattr(code, tiny.model)(config), seed).eval()


def denoiser_of(name: str, seed: int = 0, **options: Any) -> MaskedModel | CausalContextModel:
    """A random model of a family as the loop sees it."""
    return FAMILIES[name].architecture.denoiser(model_of(name, seed, **options), wrapped_tokenizer())


def build(name: str, folder: Path) -> Path:
    """A folder as it is published: weights, tokenizer, and the code that `auto_map` of its configuration names."""
    tiny = FAMILIES[name]
    model_of(name).save_pretrained(folder)
    wrapped_tokenizer().save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {
        "AutoConfig": f"{tiny.module}.{tiny.config}",
        tiny.auto: f"{tiny.module}.{tiny.model}",
    }
    (folder / "config.json").write_text(json.dumps(config))
    for file in ("tiny_layers.py", f"{tiny.module}.py"):
        shutil.copy(CODE / file, folder / file)
    return folder
