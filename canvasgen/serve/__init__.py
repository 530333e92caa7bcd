"""`canvasgen serve`: an OpenAI-compatible server for canvas models, with exact constraints."""

from canvasgen.serve.settings import ServeSettings

__all__ = ["ServeSettings"]
