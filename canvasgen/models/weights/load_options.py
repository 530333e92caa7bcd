"""What `canvasgen.load` is told about the weights, checked before any is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from canvasgen.errors import ModelError
from canvasgen.extras import installed, needed

__all__ = ["LoadOptions"]

_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")
"""Maps that accelerate works out."""


@dataclass(frozen=True)
class LoadOptions:
    """The arguments of `canvasgen.load`, as given; None: not given.

    Attributes:
        device: where the whole model runs.
        dtype: the type of the weights that are not quantised.
        device_map: "auto", "balanced", "balanced_low_0", "sequential", or module name -> device, for accelerate.
        quantization: a name of `quantization.NAMES`, a quantization config of transformers, or its dict.
        attn_implementation: as transformers names it, such as "sdpa" or "eager".
        revision: branch, tag or commit of a hub id.
        adapter: folder or hub id of a PEFT adapter.
        trust_remote_code: whether code that comes with the weights may run.
    """

    device: str | torch.device | None = None
    dtype: str | torch.dtype | None = None
    device_map: str | Mapping[str, Any] | None = None
    quantization: Any = None
    attn_implementation: str | None = None
    revision: str | None = None
    adapter: str | Path | None = None
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        for name, kinds, such in (
            ("device_map", (str, Mapping), '"auto"'),
            ("attn_implementation", (str,), '"sdpa" or "eager"'),
            ("revision", (str,), '"main" or a commit'),
            ("adapter", (str, Path), "a folder or a hub id owner/name"),
        ):
            value = getattr(self, name)
            if value is not None and not isinstance(value, kinds):
                raise ModelError(
                    f"{name} is no {type(value).__name__}", rule=name, value=value, remedy=f"such as {such}"
                )
        if self.device is not None and self.device_map is not None:
            raise ModelError(
                "a model has a device or a device_map",
                rule="device_map",
                value=self.device_map,
                remedy='leave `device` out, or name the device in the map: device_map={"": "cuda:0"}',
            )

    @property
    def given(self) -> list[str]:
        """The arguments that are neither None nor False."""
        return [one.name for one in fields(self) if getattr(self, one.name) not in (None, False)]

    @property
    def revised(self) -> dict[str, str]:
        """The revision as an argument of transformers; none where none is asked for."""
        return {} if self.revision is None else {"revision": self.revision}

    def require_unread(self, what: str) -> None:
        """Refuse arguments about weights that have been read already.

        Raises:
            ModelError: there are some.
        """
        if self.given:
            raise ModelError(
                f"{what} has its weights already, `{self.given[0]}` cannot change them",
                rule=self.given[0],
                value=getattr(self, self.given[0]),
                remedy="say it where the model is made, or give a folder or a hub id",
            )

    @property
    def place(self) -> torch.device:
        """The device of the model's input; of a device map the one that comes first.

        Raises:
            ModelError: there is no such device.
        """
        if isinstance(self.device_map, Mapping):
            values = [one for one in self.device_map.values() if one not in ("cpu", "disk")]
            return _known_device(values[0] if values else "cpu")
        if self.device_map is not None and self.device_map not in _MAPS:
            return _known_device(self.device_map)
        if self.device is None:
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return _known_device(self.device)

    @property
    def weights_type(self) -> torch.dtype | str:
        """The type to ask transformers for; "auto" is as stored.

        Raises:
            ModelError: there is no such type.
        """
        if isinstance(self.dtype, torch.dtype):
            return self.dtype
        if self.dtype is None:
            return torch.float32 if self.place.type == "cpu" else "auto"
        asked: Any = self.dtype
        named: Any = getattr(torch, asked, None) if isinstance(asked, str) else None
        if self.dtype != "auto" and not isinstance(named, torch.dtype):
            raise ModelError(
                f"{self.dtype!r} is no dtype",
                rule="dtype",
                value=self.dtype,
                remedy='such as "float32" or "bfloat16"',
            )
        return named if isinstance(named, torch.dtype) else "auto"

    @property
    def map(self) -> str | dict[str, Any] | None:
        """What accelerate is told; None: the weights are read on the CPU and moved.

        With a device alone they are read straight to it where accelerate is installed.

        Raises:
            MissingPackage: a map is asked for, and accelerate is not installed.
            ModelError: the map is unknown, or leaves weights on the disk.
        """
        if self.device_map is None:
            return {"": self.place} if self.place.type != "cpu" and installed("accelerate") else None
        needed("accelerate", "device_map")
        if isinstance(self.device_map, str):
            return self.device_map if self.device_map in _MAPS else {"": self.place}
        parts = {str(name): place for name, place in self.device_map.items()}
        for name, place in parts.items():
            if place == "disk":
                raise ModelError(
                    "weights on the disk would be read at every denoising step",
                    path=name,
                    rule="device_map",
                    value=self.device_map,
                    remedy='keep them in memory ("cpu"), or load the model with quantization="int8"',
                )
            _known_device(place)
        return parts


def _known_device(device: Any) -> torch.device:
    try:
        place = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ModelError(
            f"there is no device {device!r}",
            rule="device",
            value=str(device),
            remedy='such as "cpu", "cuda" or "cuda:1"',
        ) from error
    if place.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            "there is no CUDA device here", rule="device", value=str(device), remedy='use device="cpu"'
        )
    return place
