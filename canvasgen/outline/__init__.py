"""The outline of a text: its fields, holes and cells by name, each with its place."""

from canvasgen.outline.json_outline import json_outline
from canvasgen.outline.text_outline import Named, grid_of, outline

__all__ = ["Named", "grid_of", "json_outline", "outline"]
