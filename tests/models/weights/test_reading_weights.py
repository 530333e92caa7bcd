"""Where weights go, in which type and by which library: on tiny random DiffusionGemmas.

What needs a package that is not installed is skipped; `make test-weights` has all of them.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parents[1]))

import gemma_toys
from test_prompts import TEMPLATE, byte_tokenizer
from transformers import PreTrainedTokenizerFast

from canvasgen import extras
from canvasgen.errors import MissingPackage, ModelError
from canvasgen.extras import installed
from canvasgen.models.loading import Loaded, load


def needs(*packages: str) -> pytest.MarkDecorator:
    lacking = [package for package in packages if not installed(package)]
    return pytest.mark.skipif(bool(lacking), reason=f"needs {', '.join(lacking)}: make test-weights")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    gemma_toys.model(vocab_size=256).save_pretrained(folder)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), chat_template=TEMPLATE)
    wrapped.save_pretrained(folder)
    return folder


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "copy"))


def logits(loaded: Loaded) -> torch.Tensor:
    canvas = torch.arange(16)[None] + 40
    denoiser = loaded.denoiser
    return denoiser.denoise(denoiser.prefill([[5, 6, 7, 8]]), canvas, None)


def stored_as(folder: Path, quantization: dict[str, Any]) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "quantization_config": quantization}))


# What is wrong is told before weights are read
# -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "rule", "told"),
    [
        ({"device": "cpu", "device_map": "auto"}, "device_map", "a device or a device_map"),
        ({"device_map": 3}, "device_map", "no int"),
        ({"revision": 3}, "revision", "no int"),
        ({"revision": "main"}, "revision", "no revisions"),
        ({"attn_implementation": "quick"}, "attn_implementation", "no attention 'quick'"),
        ({"quantization": "int3"}, "quantization", "int8, fp8, nf4"),
        ({"quantization": 3}, "quantization", "no quantization"),
        ({"quantization": {"quant_method": "none"}}, "quantization", "does not know"),
        ({"dtype": 3}, "dtype", "no dtype"),
        ({"adapter": 3}, "adapter", "no int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_wrong_option_is_told(checkpoint: Path, options: dict[str, Any], rule: str, told: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(checkpoint, **options)
    assert caught.value.rule == rule
    assert caught.value.remedy
    assert re.search(re.escape(told), str(caught.value))


@pytest.mark.parametrize("name", ["device", "dtype", "quantization", "adapter", "device_map"])
def test_what_has_its_weights_takes_no_options(checkpoint: Path, name: str) -> None:
    loaded = load(checkpoint, device="cpu")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(checkpoint)
    value = "cpu" if name.startswith("device") else "int8"
    for model in (loaded.denoiser, (loaded.denoiser, tokenizer)):
        with pytest.raises(ModelError, match="has its weights already") as caught:
            load(model, **{name: value})
        assert caught.value.rule == name


@pytest.mark.parametrize(
    ("options", "extra"),
    [
        ({"quantization": "int8"}, "quantized"),
        ({"quantization": "fp8"}, "quantized"),
        ({"quantization": "nf4"}, "quantized"),
        ({"device_map": "auto"}, "gpu"),
        ({"adapter": "owner/name"}, "adapters"),
    ],
    ids=["int8", "fp8", "nf4", "map", "adapter"],
)
def test_a_missing_package_of_an_option(
    checkpoint: Path, options: dict[str, Any], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(module: str) -> None:
        raise ModuleNotFoundError(f"no {module}", name=module)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(MissingPackage) as caught:
        load(checkpoint, **options)
    assert caught.value.remedy == f"pip install 'canvasgen[{extra}]'"


@pytest.mark.parametrize("method", ["modelopt", None, 3], ids=["modelopt", "none", "number"])
def test_an_unknown_format_is_no_plain_checkpoint(copy: Path, method: Any) -> None:
    """transformers warns, and reads packed weights as if they were plain."""
    stored_as(copy, {"quant_method": method, "quant_algo": "NVFP4"})
    with pytest.raises(ModelError, match="cannot read") as caught:
        load(copy, device="cpu")
    assert caught.value.rule == "quantization_config"
    assert 'quantization="int8"' in (caught.value.remedy or "")


def test_a_known_format_whose_package_is_missing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_as(copy, {"quant_method": "torchao"})

    def missing(module: str) -> None:
        raise ModuleNotFoundError(f"no {module}", name=module)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(MissingPackage, match="torchao"):
        load(copy, device="cpu")


def test_a_quantized_checkpoint_is_not_quantized_again(copy: Path) -> None:
    stored_as(copy, {"quant_method": "compressed-tensors"})
    with pytest.raises(ModelError, match="stored quantised already"):
        load(copy, device="cpu", quantization="int8")


# What is right
# -----------------------------------------------------------------------------------------------------------


def test_attention_by_name(checkpoint: Path) -> None:
    plain, eager = (load(checkpoint, device="cpu", attn_implementation=one) for one in ("sdpa", "eager"))
    assert eager.denoiser.model.config._attn_implementation == "eager"
    torch.testing.assert_close(logits(eager), logits(plain), atol=1e-3, rtol=0)


@needs("accelerate")
@pytest.mark.parametrize("over", ["auto", "cpu", {"": "cpu"}], ids=["auto", "cpu", "dict"])
def test_device_map(checkpoint: Path, over: Any) -> None:
    mapped = load(checkpoint, device_map=over)
    assert mapped.denoiser.device.type == "cpu"
    assert torch.equal(logits(mapped), logits(load(checkpoint, device="cpu")))


@needs("accelerate")
def test_weights_on_the_disk_are_refused(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="on the disk"):
        load(checkpoint, device_map={"model": "cpu", "lm_head": "disk"})


@needs("torchao")
@pytest.mark.parametrize(
    ("name", "kind"), [("int8", "Int8Tensor"), ("fp8", "Float8Tensor")], ids=["int8", "fp8"]
)
def test_all_layers_and_experts_are_quantized(checkpoint: Path, name: str, kind: str) -> None:
    """And encoder and decoder still share them."""
    loaded = load(checkpoint, device="cpu", quantization=name)
    model = loaded.denoiser.model.model
    encoder, decoder = model.encoder.language_model.layers, model.decoder.layers
    for mine, shared in zip(decoder, encoder, strict=True):
        for get in (
            lambda layer: layer.self_attn.q_proj.weight,
            lambda layer: layer.mlp.down_proj.weight,
            lambda layer: layer.experts.gate_up_proj,
            lambda layer: layer.experts.down_proj,
        ):
            assert get(mine) is get(shared)
            assert kind in (type(get(mine)).__name__, type(get(mine).data).__name__)
        assert type(mine.router.proj.weight.data) is torch.Tensor
    plain = load(checkpoint, device="cpu").denoiser.model.model.decoder.layers
    for mine, before in zip(decoder, plain, strict=True):
        for found, meant in (
            (mine.mlp.up_proj.weight, before.mlp.up_proj.weight),
            (mine.experts.gate_up_proj, before.experts.gate_up_proj),
        ):
            assert (found.dequantize() - meant).abs().max() < 0.04 * meant.abs().max()
    assert logits(loaded).isfinite().all()


@needs("torchao")
def test_a_quantization_that_does_nothing_is_told(checkpoint: Path) -> None:
    """The default of transformers leaves out all weights that encoder and decoder share."""
    from torchao.quantization import Int8WeightOnlyConfig  # pyright: ignore[reportMissingImports]
    from transformers import TorchAoConfig

    with pytest.raises(ModelError, match="has left all"):
        load(checkpoint, device="cpu", quantization=TorchAoConfig(Int8WeightOnlyConfig()))
    own = TorchAoConfig(Int8WeightOnlyConfig(), modules_to_not_convert=["lm_head"])
    assert logits(load(checkpoint, device="cpu", quantization=own)).isfinite().all()


@needs("bitsandbytes", "accelerate")
def test_four_bits_on_the_cpu_need_wide_matrices(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="multiple of 64"):
        load(checkpoint, device="cpu", quantization="nf4")


@needs("compressed_tensors")
@pytest.mark.parametrize(
    "target", [r"re:.*decoder\.layers.*_proj$", r"re:.*layers.*_proj$"], ids=["decoder", "all"]
)
def test_a_checkpoint_of_compressed_tensors(copy: Path, target: str) -> None:
    """It stores FP8 and a scale for each output; it is read as what these mean."""
    weights = load_file(copy / "model.safetensors")
    meant = dict(weights)
    for name in [one for one in weights if re.search(r"decoder\.layers.*_proj\.weight$", one)]:
        scale = weights[name].abs().amax(dim=1, keepdim=True) / 448
        small = (weights[name] / scale).to(torch.float8_e4m3fn)
        meant[name] = small.float() * scale
        weights[name], weights[f"{name}_scale"] = small, scale.clone()
    plain = Path(shutil.copytree(copy, copy.parent / "meant"))
    save_file(meant, plain / "model.safetensors", metadata={"format": "pt"})
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    values = {"num_bits": 8, "type": "float", "strategy": "channel", "symmetric": True, "dynamic": False}
    group = {"targets": [target], "weights": values, "input_activations": None}
    stored_as(
        copy,
        {
            "quant_method": "compressed-tensors",
            "format": "float-quantized",
            "quantization_status": "compressed",
            "ignore": ["lm_head"],
            "config_groups": {"group_0": group},
        },
    )
    torch.testing.assert_close(logits(load(copy, device="cpu")), logits(load(plain, device="cpu")))
