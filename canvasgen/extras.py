"""Packages that only some parts need: imported when they are used, and named with their extra where they are missing."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType

from canvasgen.errors import MissingPackage

__all__ = ["EXTRAS", "HOSTS", "installed", "installed_version", "missing", "needed"]

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
HOSTS = {
    "hackable_diffusion": "hackable-diffusion==1.0.1",
    "jax": "hackable-diffusion==1.0.1",
    "mlx": "mlx-vlm==0.7.10",
    "mlx_vlm": "mlx-vlm==0.7.10",
    "sglang": "sglang==0.5.23",
    "vllm": "vllm==0.32.*",
}
"""Package of another engine -> what installs it: canvasgen is installed beside an engine, and not the other way round."""


def needed(module: str, what: str) -> ModuleType:
    """Return a module of a package that an extra installs.

    Args:
        module: the module's full name.
        what: what it is needed for, as the beginning of a sentence.

    Raises:
        MissingPackage: the package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise  # the package is there; something of its own is missing
        raise missing(error, what) from error


def missing(error: ModuleNotFoundError, what: str) -> ModuleNotFoundError | MissingPackage:
    """Return the error of a package that is not installed, with what installs it; any other one as it is.

    Args:
        error: what an import has raised.
        what: what it is needed for, as the beginning of a sentence.
    """
    package = (error.name or "").partition(".")[0]
    extra = next((name for name, packages in EXTRAS.items() if package in packages), None)
    if extra is None and package not in HOSTS:
        return error
    return MissingPackage(
        f"{what} needs the package {package}, which is not installed",
        rule=extra or package,
        value=package,
        remedy=f"pip install 'canvasgen[{extra}]'" if extra else f"pip install '{HOSTS[package]}'",
    )


def installed(package: str) -> bool:
    """Return whether a package can be imported; it is not."""
    return find_spec(package) is not None


def installed_version() -> str:
    """Return the version of canvasgen that is installed; empty where it runs from a folder alone."""
    try:
        return version("canvasgen")
    except PackageNotFoundError:
        return ""
