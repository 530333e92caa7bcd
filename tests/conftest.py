"""Settings of all tests: no test depends on how fast the machine is."""

from hypothesis import settings

settings.register_profile("canvasgen", deadline=None)
settings.load_profile("canvasgen")
