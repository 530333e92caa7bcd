"""What to generate and how: `Request`, the checks of its settings, and what its options mean for a result."""

from canvasgen.request.remembered import readable
from canvasgen.request.setting_checks import MOST_STEPS, check_settings
from canvasgen.request.step_limit import settled, settled_or_raised
from canvasgen.request.what_and_how import Options, Prompt, Request, Settings, as_request, request_of

__all__ = [
    "MOST_STEPS",
    "Options",
    "Prompt",
    "Request",
    "Settings",
    "as_request",
    "check_settings",
    "readable",
    "request_of",
    "settled",
    "settled_or_raised",
]
