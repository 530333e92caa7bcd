"""Reads the weights of a class of transformers as `LoadOptions` say."""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

from canvasgen.errors import ModelError
from canvasgen.models.weights.load_options import LoadOptions
from canvasgen.models.weights.quantization import (
    quantization_of,
    require_quantized,
    stored_quantization,
)

__all__ = ["read_pretrained"]


def read_pretrained(kind: Any, name: str | Path, how: LoadOptions, *, auto: bool = False) -> Any:
    """Return the model on its device.

    Args:
        kind: a model class of transformers.
        auto: whether it is one of those that look the class up; only these run code that comes with the weights.
        name: a folder or a hub id.
        how: see there.

    Raises:
        ModelError: weights are missing, or an option is not one that transformers knows.
        MissingPackage: an option needs a package that is not installed.
    """
    options: dict[str, Any] = {"dtype": how.weights_type}
    remote = {"trust_remote_code": True} if auto and how.trust_remote_code else {}
    if how.quantization is None:
        options |= stored_quantization(_config_of(kind, auto).from_pretrained(name, **how.revised, **remote))
    else:
        options |= quantization_of(how.quantization)
    if how.attn_implementation is not None:
        options["attn_implementation"] = _known_attention(how.attn_implementation)
    options |= {**how.revised, **remote}
    place, over = how.place, how.map
    if over is not None:
        options["device_map"] = over
    loaded: Any = kind.from_pretrained(name, output_loading_info=True, **options)
    model, info = loaded
    missing = sorted(info["missing_keys"]) + [str(key) for key in info["mismatched_keys"]]
    if missing:
        raise ModelError(
            f"{name} lacks {len(missing)} weights of its architecture, such as {missing[0]}",
            rule="weights",
            remedy="get the complete checkpoint again; one that stores its experts one by one (as for vLLM) cannot be read "
            "by transformers: take the checkpoint in bfloat16",
        )
    if how.quantization is not None:
        require_quantized(model, name)
    return model if over is not None else model.to(place)


def _config_of(kind: Any, auto: bool) -> Any:
    if not auto:
        return kind.config_class
    from transformers import AutoConfig

    return AutoConfig


def _known_attention(name: str) -> str:
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    known = ["eager", *ALL_ATTENTION_FUNCTIONS.valid_keys()]
    if name in known or "/" in name:  # of the hub
        return name
    raise ModelError(
        f"transformers knows no attention {name!r}",
        rule="attn_implementation",
        value=name,
        remedy="choose one of " + ", ".join(sorted(set(known))),
    )
