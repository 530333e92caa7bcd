"""PEFT adapters (LoRA and others) on a model, and models that come wrapped."""
# The types of peft and transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

from canvasgen.errors import ModelError
from canvasgen.extras import needed

__all__ = ["add_adapter", "unwrapped"]


def add_adapter(model: Any, adapter: str | Path) -> None:
    """Put an adapter into a model, in place.

    Args:
        model: of transformers.
        adapter: a folder with `adapter_config.json`, or a hub id.

    Raises:
        MissingPackage: peft is not installed.
        ModelError: there is no such adapter, or it belongs to another model.
    """
    peft: Any = needed("peft", "an adapter")
    place = Path(adapter).expanduser()
    if place.is_dir():
        if not (place / "adapter_config.json").is_file():
            raise ModelError(
                f"the folder {place} has no adapter_config.json",
                rule="adapter",
                value=str(adapter),
                remedy="name the folder that `save_pretrained` of peft has written",
            )
    elif (
        isinstance(adapter, Path) or str(adapter).startswith((".", "/", "~")) or str(adapter).count("/") != 1
    ):
        raise ModelError(
            f"there is no adapter {str(adapter)!r}",
            rule="adapter",
            value=str(adapter),
            remedy="name a folder, or a hub id owner/name",
        )
    source = str(place if place.is_dir() else adapter)
    config: Any = peft.PeftConfig.from_pretrained(source)
    config.inference_mode = True
    wrapped: Any = peft.PeftModel(model, config)
    wrapped_keys = wrapped.load_adapter(source, "default", is_trainable=False)
    lost = sorted(getattr(wrapped_keys, "unexpected_keys", []))
    missing = sorted(key for key in getattr(wrapped_keys, "missing_keys", []) if ".default" in key)
    if lost or missing:
        raise ModelError(
            f"the adapter {adapter} does not fit the model: "
            + (f"{len(lost)} of its weights have no place" if lost else f"it lacks {len(missing)} weights")
            + f", such as {(lost or missing)[0]}",
            rule="adapter",
            value=str(adapter),
            remedy="take the adapter that was trained for this model",
        )
    model.eval()


def unwrapped(model: Any) -> Any:
    """Return the model of transformers inside of `torch.compile`, of PEFT, or of both; another object as it is."""
    for _ in range(4):
        inner = getattr(model, "_orig_mod", None)  # torch.compile
        if inner is None and callable(getattr(model, "get_base_model", None)):
            inner = model.get_base_model()  # PEFT: the layers of the adapter are inside
        if inner is None or inner is model:
            return model
        model = inner
    return model
