"""The models that come with the package: weights, and how their prompts are written."""
