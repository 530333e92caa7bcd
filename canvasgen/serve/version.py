"""The version of canvasgen that runs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["VERSION"]


def _version() -> str:
    try:
        return version("canvasgen")
    except PackageNotFoundError:  # run from a checkout that nothing has installed
        return "unknown"


VERSION = _version()
"""As the installed package says it."""
