"""The embedded weights as mlx-vlm reads them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

WEIGHTS = Path(__file__).parents[2] / "canvasgen" / "models" / "embedded" / "tiny" / "weights"
CHAT = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
"""The embedded model has no chat template."""


def make_folder(place: Path) -> Path:
    """Copy the weights: two values of the configuration are spelled out, and mlx multiplies experts in float32 alone on a CPU."""
    shutil.copytree(WEIGHTS, place)
    config = json.loads((place / "config.json").read_text())
    text = config["text_config"]
    text.setdefault("global_head_dim", text["head_dim"])
    text["global_head_dim"] = text["global_head_dim"] or text["head_dim"]
    text["num_global_key_value_heads"] = text.get("num_global_key_value_heads") or text["num_key_value_heads"]
    config["dtype"] = text["dtype"] = "float32"
    (place / "config.json").write_text(json.dumps(config))
    for file in place.glob("*.safetensors"):
        values = {name: value.float().contiguous() for name, value in load_file(file).items()}
        save_file(values, file, metadata={"format": "pt"})
    (place / "chat_template.jinja").write_text(CHAT)
    return place
