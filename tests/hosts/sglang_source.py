"""SGLang's own classes of a denoising step, imported without the rest of SGLang, which asks for CUDA when it is imported.

`REAL` are the modules of the installed wheel that run, as they are. All other modules of SGLang are empty ones: `REAL` needs
them for its annotations, for one `isinstance`, and on more than one GPU.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

__all__ = ["REAL", "installed"]

REAL = (
    "sglang.srt.dllm.algorithm.base",
    "sglang.srt.dllm.algorithm.gemma4_renoise",
    "sglang.srt.plugins.hook_registry",
)


class Empty(ModuleType):
    """A module that has a class of every name."""

    __path__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {})
        setattr(self, name, made)
        return made


class Finder(MetaPathFinder, Loader):
    """Finds SGLang's modules: the real ones, and empty ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "sglang":
            return None
        if fullname in REAL:
            file = self._folder.joinpath(*fullname.split(".")[1:]).with_suffix(".py")
            return spec_from_file_location(fullname, file)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        made = Empty(spec.name)
        if spec.name == "sglang.srt.utils":
            made.is_npu = lambda: False
        return made

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def installed() -> bool:
    """Make `REAL` importable; return whether there is an SGLang."""
    found = PathFinder.find_spec("sglang")
    if found is None or not found.submodule_search_locations:
        return False
    sys.meta_path.insert(0, Finder(Path(next(iter(found.submodule_search_locations)))))
    return True
