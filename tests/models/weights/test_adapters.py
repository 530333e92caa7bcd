"""Adapters of PEFT, and models that come wrapped."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parents[1]))

import gemma_toys
from test_prompts import TEMPLATE, byte_tokenizer
from test_reading_weights import logits, needs
from transformers import PreTrainedTokenizerFast

from canvasgen.denoise import Job, run
from canvasgen.errors import ModelError
from canvasgen.models.loading import load

TARGET = r".*decoder\.layers\.\d+\.self_attn\.(q_proj|v_proj)"


def toy() -> Any:
    return gemma_toys.model(vocab_size=256)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), chat_template=TEMPLATE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> tuple[Path, Path, Any]:
    """A checkpoint, an adapter for it, and the model with the adapter."""
    import peft  # pyright: ignore[reportMissingImports]

    base, adapter = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("adapter")
    toy().save_pretrained(base)
    tokenizer.save_pretrained(base)
    torch.manual_seed(1)
    wrapped = peft.get_peft_model(toy(), peft.LoraConfig(r=4, target_modules=TARGET, init_lora_weights=False))
    wrapped.save_pretrained(adapter)
    return base, adapter, wrapped


@needs("peft")
def test_an_adapter_is_the_model_that_was_trained(folders: tuple[Path, Path, Any], tokenizer: Any) -> None:
    base, adapter, wrapped = folders
    plain, adapted = load(base, device="cpu"), load(base, device="cpu", adapter=adapter)
    pair = load((wrapped, tokenizer))
    assert torch.equal(logits(adapted), logits(pair))
    assert not torch.allclose(logits(adapted), logits(plain), atol=0.1)
    assert not adapted.denoiser.model.training
    done = run(adapted.denoiser, [Job(adapted.encode("Hi"), max_tokens=16, max_denoising_steps=2)])
    assert done[0].steps == (2,)


@needs("peft", "torchao")
def test_an_adapter_on_quantized_weights(folders: tuple[Path, Path, Any]) -> None:
    base, adapter, _ = folders
    both = load(base, device="cpu", adapter=adapter, quantization="int8")
    assert not torch.allclose(logits(both), logits(load(base, device="cpu", quantization="int8")), atol=0.1)


def _elsewhere(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.replace("layers.0.", "layers.9."): value for name, value in weights.items()}


def _fewer(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights.items() if "layers.1." not in name}


def _other_shapes(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(3, 3) for name in weights}


@needs("peft")
@pytest.mark.parametrize(
    ("change", "told"),
    [(_elsewhere, "have no place"), (_fewer, "lacks"), (_other_shapes, "size mismatch")],
    ids=["elsewhere", "fewer", "shapes"],
)
def test_an_adapter_of_another_model(
    folders: tuple[Path, Path, Any],
    tmp_path: Path,
    change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]],
    told: str,
) -> None:
    base, adapter, _ = folders
    wrong = Path(shutil.copytree(adapter, tmp_path / "wrong"))
    weights = change(load_file(wrong / "adapter_model.safetensors"))
    save_file(weights, wrong / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=told):
        load(base, device="cpu", adapter=wrong)


@needs("peft")
def test_no_such_adapter(folders: tuple[Path, Path, Any]) -> None:
    base = folders[0]
    for name in ("/no/such/folder", "word", Path("nowhere")):
        with pytest.raises(ModelError, match="there is no adapter"):
            load(base, device="cpu", adapter=name)
    with pytest.raises(ModelError, match=r"no adapter_config\.json"):
        load(base, device="cpu", adapter=base)


@pytest.mark.slow
def test_a_compiled_model(tokenizer: Any) -> None:
    """The decoder's passes go through what was compiled."""
    passes = list[int]()

    def backend(graph: Any, inputs: Any) -> Any:
        passes.append(len(inputs))
        return graph.forward

    compiled = load((torch.compile(toy(), backend=backend), tokenizer))
    assert torch.equal(logits(compiled), logits(load((toy(), tokenizer))))
    assert passes
