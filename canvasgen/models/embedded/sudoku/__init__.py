"""The embedded model that plays Sudoku: a small DiffusionGemma, its weights, tokens and prompt form."""

from pathlib import Path

WEIGHTS: Path = Path(__file__).parent / "weights"
"""Folder with ``config.json``, ``generation_config.json``, ``model.safetensors`` and ``tokenizer.json``."""

__all__ = ["WEIGHTS"]
