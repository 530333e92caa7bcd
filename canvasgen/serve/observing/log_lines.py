"""Structured log lines: one JSON object a request, on the logger `canvasgen.serve`."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

__all__ = ["JsonLines", "logger", "start_logging"]

logger = logging.getLogger("canvasgen.serve")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, message, and the facts given as `extra={"facts": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts: object = getattr(record, "facts", {})
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **(facts if isinstance(facts, dict) else {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def start_logging(level: str = "INFO") -> None:
    """Write the lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
