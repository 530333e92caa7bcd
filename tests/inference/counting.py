"""Counts tensor operations, and reads of the device by the host, while code runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

READS = {
    "item",
    "tolist",
    "numpy",
    "cpu",
    "nonzero",
    "is_nonzero",
    "equal",
    "unique",
    "masked_select",
    "__array__",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__contains__",
    "__iter__",
}
"""Functions of tensors whose result, or whose shape, needs values; `__iter__` only needs the shape and is let through."""
OPERATIONS_THAT_READ = {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select", "_unique2"}
VIEWS = {
    "view",
    "_unsafe_view",
    "slice",
    "select",
    "t",
    "transpose",
    "permute",
    "unsqueeze",
    "expand",
    "detach",
    "unbind",
    "alias",
    "squeeze",
}


class Counting:
    """Within `with`: `operations` by name (views are none), and `reads`, what waits for the device."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self._modes = (_Functions(self.reads), _Operations(self.operations, self.reads))

    @property
    def total(self) -> int:
        return sum(self.operations.values())

    def __enter__(self) -> Counting:
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(kind, error, trace)


class _Functions(TorchFunctionMode):
    def __init__(self, reads: Counter[str]) -> None:
        super().__init__()
        self._reads = reads

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in READS and name != "__iter__":
            self._reads[name] += 1
        if name == "__getitem__" and any(_is_mask(index) for index in _parts(args[1])):
            self._reads["index by a mask"] += 1
        return func(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    def __init__(self, operations: Counter[str], reads: Counter[str]) -> None:
        super().__init__()
        self._operations, self._reads = operations, reads

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if name in OPERATIONS_THAT_READ:
            self._reads[name] += 1
        elif name not in VIEWS:
            self._operations[name] += 1
        return func(*args, **(kwargs or {}))


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _is_mask(index: Any) -> bool:
    return isinstance(index, torch.Tensor) and index.dtype == torch.bool
