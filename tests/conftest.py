"""Settings of all tests: none depends on how fast the machine is.

Helpers for the tests of several parts are modules beside this file, whose folder pytest puts on the path.
"""

from hypothesis import settings

settings.register_profile("canvasgen", deadline=None)
settings.load_profile("canvasgen")
