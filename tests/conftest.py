"""Settings of all tests: none depends on how fast the machine is.

Helpers for the tests of several parts are modules beside this file, whose folder pytest puts on the path.
"""

import os

from hypothesis import settings

# Triton decides when it is imported, by whatever comes first, whether its kernels are interpreted.
os.environ.setdefault("TRITON_INTERPRET", "1")

settings.register_profile("canvasgen", deadline=None)
settings.load_profile("canvasgen")
