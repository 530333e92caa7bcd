"""Packages that only some parts need: imported when they are used, and named with their extra where they are missing."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType

from canvasgen.errors import MissingPackage

__all__ = ["EXTRAS", "installed", "installed_version", "needed"]

EXTRAS = {
    "tables": ("ortools",),
    "cli": ("typer", "rich"),
    "gpu": ("accelerate", "triton"),
    "adapters": ("peft",),
    "quantized": ("bitsandbytes", "compressed_tensors", "torchao"),
    "notebook": ("IPython", "railroad"),
    "diffusers": ("diffusers",),
    "grounded": ("dateparser", "phonenumbers", "price_parser"),
    "serve": ("fastapi", "uvicorn", "prometheus_client", "cloudpickle", "typer"),
    "tracing": ("opentelemetry",),
    "parquet": ("pyarrow",),
    "ray": ("ray",),
}
"""Extra -> the packages that it installs."""


def needed(module: str, what: str) -> ModuleType:
    """Return a module of a package that an extra installs.

    Args:
        module: the module's full name.
        what: what it is needed for, as the beginning of a sentence.

    Raises:
        MissingPackage: the package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there; something of its own is missing
        extra = next(name for name, packages in EXTRAS.items() if package in packages)
        raise MissingPackage(
            f"{what} needs the package {package}, which is not installed",
            rule=extra,
            value=package,
            remedy=f"pip install 'canvasgen[{extra}]'",
        ) from error


def installed(package: str) -> bool:
    """Return whether a package can be imported; it is not."""
    return find_spec(package) is not None


def installed_version() -> str:
    """Return the version of canvasgen that is installed; empty where it runs from a folder alone."""
    try:
        return version("canvasgen")
    except PackageNotFoundError:
        return ""
