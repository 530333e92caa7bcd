"""Models: DiffusionGemma, the embedded model, and how they are loaded.

Nothing is imported here: `canvasgen.models.loading` brings in torch, and transformers only when a model is
loaded.
"""
