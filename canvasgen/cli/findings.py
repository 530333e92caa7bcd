"""What `canvasgen doctor` finds: facts about this installation, as plain data."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, TypedDict

from canvasgen.checks import is_mapping
from canvasgen.extras import EXTRAS, installed

__all__ = ["Cache", "Device", "Findings", "Kernels", "Model", "find", "kernels_of_package"]

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numba",
    "llvmlite",
    "numpy",
    "pydantic",
    "lark",
)
_WITH_KERNELS = ("automata", "relations", "vocabulary", "tokens", "inference")


class Device(TypedDict):
    """Where a model can run."""

    name: str
    description: str


class Cache(TypedDict):
    """A folder on disk that may be deleted at any time."""

    holds: str
    folder: str | None
    files: int
    bytes: int
    writable: bool


class Kernels(TypedDict):
    """Kernels of the package, and the names of those that are not on disk."""

    all: int
    compiled: int
    missing: list[str]


class Model(TypedDict):
    """A model that can be loaded without the network."""

    name: str
    folder: str
    bytes: int


class Findings(TypedDict):
    """All of it."""

    version: str
    python: str
    platform: str
    packages: dict[str, str]
    extras: dict[str, bool]
    devices: list[Device]
    caches: list[Cache]
    kernels: Kernels
    models: list[Model]


def find() -> Findings:
    """Return the facts; imports torch and every kernel, and reads no weights."""
    kernels = kernels_of_package()
    others = [package for packages in EXTRAS.values() for package in packages if installed(package)]
    return {
        "version": _version("canvasgen"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in (*_PACKAGES, *others)},
        "extras": {name: all(map(installed, packages)) for name, packages in EXTRAS.items()},
        "devices": _devices(),
        "caches": _caches(kernels),
        "kernels": _state(kernels),
        "models": _models(),
    }


_DISTRIBUTIONS = {"railroad": "railroad-diagrams"}
"""Packages whose distribution has another name."""


def _version(package: str) -> str:
    try:
        return version(_DISTRIBUTIONS.get(package, package))
    except PackageNotFoundError:
        return "not installed"


def _devices() -> list[Device]:
    import torch

    threads = torch.get_num_threads()
    devices: list[Device] = [
        {"name": "cpu", "description": f"{os.cpu_count()} cores, {threads} threads of torch"}
    ]
    cuda: Any = torch.cuda
    for number in range(cuda.device_count()):
        found = cuda.get_device_properties(number)
        memory = f"{found.total_memory / 1e9:.0f} GB"
        devices.append({"name": f"cuda:{number}", "description": f"{found.name}, {memory}"})
    return devices


def kernels_of_package() -> list[Any]:
    """Return all kernels, as numba's dispatchers; those that are only ever part of others are left out."""
    for part in _WITH_KERNELS:
        package = import_module(f"canvasgen.{part}")
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    from canvasgen.jit import KERNELS

    return [kernel for kernel in KERNELS if kernel.targetoptions.get("inline") != "always"]


def _state(kernels: list[Any]) -> Kernels:
    missing = sorted(
        f"{kernel.py_func.__module__}.{kernel.py_func.__qualname__}"
        for kernel in kernels
        if not _on_disk(kernel)
    )
    return {"all": len(kernels), "compiled": len(kernels) - len(missing), "missing": missing}


def _on_disk(kernel: Any) -> bool:
    """Return whether numba's cache has an index of a kernel that is no older than the source."""
    folder, code = kernel.stats.cache_path, kernel.py_func.__code__
    if folder is None:
        return False
    source = Path(code.co_filename)
    name = f"{source.stem}.{kernel.py_func.__qualname__}-{code.co_firstlineno}.*.nbi"
    written = source.stat().st_mtime
    return any(index.stat().st_mtime >= written for index in Path(folder).glob(name))


def _caches(kernels: list[Any]) -> list[Cache]:
    from canvasgen.vocabulary import cache_folder

    folder = cache_folder()
    found = [_cache("vocabularies, automata", folder, () if folder is None else _files(folder, "*"))]
    folders = sorted({Path(kernel.stats.cache_path) for kernel in kernels if kernel.stats.cache_path})
    compiled = [file for one in folders for file in (*_files(one, "*.nbi"), *_files(one, "*.nbc"))]
    common = Path(os.path.commonpath(folders)) if folders else None
    found.append(_cache("compiled kernels", common, compiled))
    return found


def _cache(holds: str, folder: Path | None, files: Iterable[Path]) -> Cache:
    sizes = [file.stat().st_size for file in files]
    return {
        "holds": holds,
        "folder": None if folder is None else str(folder),
        "files": len(sizes),
        "bytes": sum(sizes),
        "writable": folder is not None and _writable(folder),
    }


def _writable(folder: Path) -> bool:
    """Return whether a folder can be written, or made."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    return there is not None and os.access(there, os.W_OK)


def _files(folder: Path, pattern: str) -> list[Path]:
    return [file for file in folder.rglob(pattern) if file.is_file()] if folder.is_dir() else []


def _models() -> list[Model]:
    from canvasgen.models.loading import EMBEDDED

    found: list[Model] = [_model(name, module.WEIGHTS) for name, module in EMBEDDED.items()]
    return [*found, *_of_hub()]


def _of_hub() -> list[Model]:
    """Return the models of known kinds in the hub's cache."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    from canvasgen.models.architecture import ARCHITECTURES

    try:
        cached = scan_cache_dir()
    except (CacheNotFound, OSError):
        return []
    found: list[Model] = []
    for repository in sorted(cached.repos, key=lambda one: one.repo_id):
        for revision in repository.revisions:
            try:
                config: Any = json.loads((revision.snapshot_path / "config.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if is_mapping(config) and config.get("model_type") in ARCHITECTURES:
                found.append(_model(repository.repo_id, revision.snapshot_path))
    return found


def _model(name: str, folder: Path) -> Model:
    return {
        "name": name,
        "folder": str(folder),
        "bytes": sum(one.stat().st_size for one in _files(folder, "*")),
    }
