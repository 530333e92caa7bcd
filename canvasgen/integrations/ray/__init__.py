"""Many rows, many machines: canvasgen on Ray Data and Ray Serve (`docs/ray.md`); Ray is imported where it is used."""

from canvasgen.integrations.ray.kept_rows import answer
from canvasgen.integrations.ray.predictor import CanvasPredictor
from canvasgen.integrations.ray.processor import CanvasProcessorConfig, build_processor
from canvasgen.integrations.ray.serving import build_app

__all__ = ["CanvasPredictor", "CanvasProcessorConfig", "answer", "build_app", "build_processor"]
