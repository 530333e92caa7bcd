"""Weights of few bits, through the libraries that own the formats, by transformers' quantizers.

Two traps are specific to a model whose encoder and decoder share their weights, and whose experts are three-dimensional
parameters and no `Linear` modules:

- By default transformers converts no module with tied weights. Here these are all layers of the language model, so that
  nothing is converted, and nothing says so. The configurations made here name what is left out instead, and
  `require_quantized` looks at the result, whoever made the configuration.
- Nine tenths of DiffusionGemma's weights are in its experts. torchao converts them if they are named; bitsandbytes has
  `Linear` modules alone, so a model in 4 bits by it takes 47 of 52 GB.
"""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from canvasgen.errors import ModelError
from canvasgen.extras import installed, needed

__all__ = ["NAMES", "quantization_of", "require_quantized", "require_readable", "stored_quantization"]

_LEFT_OUT = ["lm_head", ".*embed_tokens", ".*router", ".*vision_tower", ".*embed_vision"]
"""Modules whose weights stay as they are (expressions from the beginning of a name): few, and what is chosen or read out by
them suffers most."""

_EXPERTS = r"re:.*experts\.(gate_up_proj|down_proj)"

_PACKAGES = {
    "torchao": "torchao",
    "bitsandbytes": "bitsandbytes",
    "compressed-tensors": "compressed_tensors",
    "fp8": "accelerate",
}
"""By `quant_method` of a checkpoint, the package that reads it; of the others transformers itself names it."""


def _torchao(kind: Any) -> dict[str, Any]:
    from torchao.quantization import FqnToConfig  # pyright: ignore[reportMissingImports]
    from transformers import TorchAoConfig

    config = TorchAoConfig(
        FqnToConfig({_EXPERTS: kind, "_default": kind}), modules_to_not_convert=list(_LEFT_OUT)
    )
    # the other implementations of the experts transpose their weights, which torchao's integers cannot do
    return {"quantization_config": config, "experts_implementation": "eager"}


def _int8() -> dict[str, Any]:
    needed("torchao", 'quantization="int8"')
    from torchao.quantization import Int8WeightOnlyConfig  # pyright: ignore[reportMissingImports]

    return _torchao(Int8WeightOnlyConfig())


def _fp8() -> dict[str, Any]:
    needed("torchao", 'quantization="fp8"')
    from torchao.quantization import Float8WeightOnlyConfig  # pyright: ignore[reportMissingImports]

    return _torchao(Float8WeightOnlyConfig())


def _nf4() -> dict[str, Any]:
    needed("bitsandbytes", 'quantization="nf4"')
    needed("accelerate", 'quantization="nf4"')
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(_LEFT_OUT),
    )
    return {"quantization_config": config}


NAMES: dict[str, Callable[[], dict[str, Any]]] = {"int8": _int8, "fp8": _fp8, "nf4": _nf4}
"""What `quantization=` takes by name; each returns further arguments of `from_pretrained`."""


def quantization_of(asked: Any) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` for what was asked for; none for None.

    Args:
        asked: a name, a configuration of transformers, or its dict.

    Raises:
        MissingPackage: a package is not installed.
        ModelError: it is no quantization.
    """
    if asked is None:
        return {}
    if isinstance(asked, str) and asked in NAMES:
        return NAMES[asked]()
    if isinstance(asked, Mapping):
        from transformers.quantizers.auto import AutoQuantizationConfig

        try:
            return {"quantization_config": AutoQuantizationConfig.from_dict(dict(asked))}
        except (ValueError, TypeError, KeyError, ImportError) as error:
            raise ModelError(
                f"transformers does not know this quantization: {str(error).splitlines()[0]}",
                rule="quantization",
                value=dict(asked),
                remedy="give one of the names " + ", ".join(NAMES),
            ) from error
    if getattr(asked, "quant_method", None) is not None:
        return {"quantization_config": asked}
    raise ModelError(
        "this is no quantization",
        rule="quantization",
        value=asked,
        remedy="give one of the names " + ", ".join(NAMES) + ", or a quantization config of transformers",
    )


def _reading() -> dict[str, Any]:
    """Arguments for a checkpoint of compressed-tensors: as it was before it was compressed.

    Otherwise its values are unpacked by a hook of the whole model, which a pass of the encoder alone does not call.
    """
    from transformers import CompressedTensorsConfig

    newer = "dequantize" in inspect.signature(CompressedTensorsConfig).parameters
    plain: dict[str, Any] = {"dequantize": True} if newer else {"run_compressed": False}
    return {"quantization_config": CompressedTensorsConfig(**plain)}


def stored_quantization(config: Any) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` for how the weights are stored.

    Args:
        config: of the checkpoint, as transformers reads it.
    """
    stored = getattr(config, "quantization_config", None)
    method = stored.get("quant_method") if isinstance(stored, Mapping) else None
    return _reading() if method == "compressed-tensors" else {}


def require_readable(name: object, config: Mapping[str, Any], asked: Any) -> None:
    """Refuse a checkpoint whose weights are stored quantised and cannot be read so here.

    transformers takes an unknown format for plain weights, with no more than a warning.

    Args:
        name: of the checkpoint.
        config: its `config.json`.
        asked: `quantization=`.

    Raises:
        MissingPackage: the package that reads it is not installed.
        ModelError: transformers has no reader for it, or another quantization is asked for.
    """
    text: Any = config.get("text_config")
    stored = config.get("quantization_config") or (
        text.get("quantization_config") if isinstance(text, Mapping) else None
    )
    if not stored:
        return
    method = stored.get("quant_method") if isinstance(stored, Mapping) else None
    from transformers.quantizers.auto import AUTO_QUANTIZER_MAPPING

    known = {one.removesuffix("_4bit").removesuffix("_8bit") for one in AUTO_QUANTIZER_MAPPING}
    if not isinstance(method, str) or method not in known:
        raise ModelError(
            f"{name} is stored in the format {method!r}, which this transformers cannot read",
            rule="quantization_config",
            value=method,
            remedy="take the checkpoint in bfloat16 with quantization="
            + " or ".join(f'"{one}"' for one in NAMES)
            + ", or one of another format: "
            + ", ".join(sorted(_PACKAGES)),
        )
    if asked is not None:
        raise ModelError(
            f"{name} is stored quantised already, as {method}",
            rule="quantization",
            value=asked,
            remedy="leave `quantization` out, or take the checkpoint in bfloat16",
        )
    if method in _PACKAGES:
        needed(_PACKAGES[method], f"a checkpoint of the format {method}")
    if method == "bitsandbytes" and not installed("accelerate"):
        needed("accelerate", "a checkpoint of the format bitsandbytes")


def require_quantized(model: Any, name: object) -> None:
    """Look whether the layers of the language model are quantised.

    Raises:
        ModelError: none of them is.
    """
    matrices = {
        one: weight
        for one, weight in model.named_parameters()
        if "layers." in one and "vision" not in one and weight.ndim > 1
    }
    if not any(_is_quantized(weight) for weight in matrices.values()):
        raise ModelError(
            f"the quantization has left all {len(matrices)} weights of {name}'s layers as they are",
            rule="quantization",
            remedy="name what to leave out (modules_to_not_convert, or llm_int8_skip_modules), as transformers otherwise "
            "leaves out all weights that encoder and decoder share; or give one of the names "
            + ", ".join(NAMES),
        )
    odd = [
        one
        for one, module in model.named_modules()
        if type(module).__name__ == "Linear4bit"
        and module.weight.device.type == "cpu"
        and module.in_features % 64
    ]
    if odd:
        raise ModelError(
            f"bitsandbytes computes on the CPU with matrices whose width is a multiple of 64, {odd[0]} has another one",
            rule="quantization",
            remedy='take quantization="int8"',
        )


def _is_quantized(weight: torch.Tensor) -> bool:
    plain = (torch.Tensor, torch.nn.Parameter)
    return (
        type(weight) not in plain
        or type(weight.data) not in plain
        or weight.dtype
        not in (
            torch.float32,
            torch.bfloat16,
            torch.float16,
        )
    )
