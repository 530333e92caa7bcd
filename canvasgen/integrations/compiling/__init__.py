"""Constraints of other engines' requests, compiled beside the engine's event loop."""
