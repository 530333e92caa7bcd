"""A call of one of two tools, with arguments that fit the tool that is called.

python examples/tool_call.py
"""

from __future__ import annotations

import canvasgen as cg

WEATHER = {
    "type": "object",
    "properties": {
        "tool": {"const": "weather"},
        "city": {"type": "string", "maxLength": 30},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["tool", "city", "days"],
    "additionalProperties": False,
}
MAIL = {
    "type": "object",
    "properties": {"tool": {"const": "mail"}, "receiver": {"type": "string", "pattern": "^[A-Z]"}},
    "required": ["tool", "receiver"],
    "additionalProperties": False,
}
engine = cg.load()
for prompt in ("tool: weather; city: Oslo; days: 3", "tool: mail; receiver: Rosa"):
    print(engine.generate(prompt, schema={"oneOf": [WEATHER, MAIL]}, grounded=True, seed=0))


# Prints:
# {'tool': 'weather', 'city': 'Oslo', 'days': 3}
# {'tool': 'mail', 'receiver': 'Rosa'}
