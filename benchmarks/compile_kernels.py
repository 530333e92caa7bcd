"""Do the Triton kernels compile for a GPU, and what do they take of it?

    python benchmarks/compile_kernels.py [--capability 90] [--values float64]

No GPU is needed: Triton brings LLVM and ptxas. Each kernel is compiled with the arguments of a step that has fixed tokens
and closed sets: registers a thread, bytes of shared memory a program, and bytes that are spilled to memory a thread.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["TRITON_INTERPRET"] = "0"
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "inference"))

import numpy as np
import torch
import triton
from test_numerics import random_automaton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from canvasgen.inference import Gate, Request, Restriction, condition_batch
from canvasgen.inference.triton_backend import TritonBackend, cuda_backend
from canvasgen.inference.triton_backend.graphs import Workspaces
from canvasgen.inference.triton_backend.triton_lattice import TritonLattice

KINDS = {
    torch.float64: "fp64", torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16",
    torch.int64: "i64", torch.int32: "i32", torch.int8: "i8",
}  # fmt: skip

OPTIONS = ("num_warps", "num_stages")


def launched(values: torch.dtype) -> list[tuple[Any, dict[str, Any]]]:
    """The kernels of a step, and `[L, V]` answers, with their arguments; none runs."""
    found: list[tuple[Any, dict[str, Any]]] = []

    def run(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        found.append((self, {**dict(zip(self.arg_names, args, strict=False)), **kwargs}))

    def condition(self: Any, batch: Any) -> TritonLattice:
        TritonLattice(
            self, batch, values, cuda_backend.CHUNK, Workspaces(), split_slots=0
        )  # a launch a position
        return TritonLattice(self, batch, values, cuda_backend.CHUNK)

    JITFunction.run = run
    TritonBackend.condition = condition
    automaton = random_automaton(20, 200, 8)
    sets = np.zeros(len(automaton.set_offsets) + 1, dtype=bool)
    sets[0] = True
    request = Request(
        automaton, fixed={0: 0}, restriction=Restriction(automaton, {}, [Gate(sets, 1, 2)]), remaining=5
    )
    logits = torch.zeros(1, 4, 200, dtype=torch.bfloat16)
    answers = condition_batch([request], logits, check=False, backend="triton")
    answers.best  # noqa: B018
    answers.sample([0])
    answers.constrained_logits()
    return [one for at, one in enumerate(found) if one[0] not in [before for before, _ in found[:at]]]


def compiled(kernel: Any, arguments: dict[str, Any], capability: int) -> Any:
    """The kernel for a compute capability, 90 for 9.0."""
    constant = {p.name for p in kernel.params if p.is_constexpr}
    signature = {
        name: "constexpr"
        if name in constant
        else "*" + KINDS[value.dtype]
        if isinstance(value, torch.Tensor)
        else "i32"
        for name, value in arguments.items()
        if name not in OPTIONS
    }
    source = ASTSource(kernel, signature, {name: arguments[name] for name in constant})
    options = {name: arguments[name] for name in OPTIONS if name in arguments}
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)


def resources(cubin: bytes) -> tuple[int, int]:
    """Registers and spilled bytes of a thread, as the tool that comes with Triton tells them."""
    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        told = subprocess.run(
            [tool, "-res-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    found = re.search(r"REG:(\d+) STACK:(\d+)", told)
    assert found is not None, told
    return int(found[1]), int(found[2])


def loops(cubin: bytes) -> list[int]:
    """Instructions of the innermost loops, in the order of the code; of one that holds others they are not told."""
    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "nvdisasm"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        told = subprocess.run([tool, "-hex", "-c", file.name], capture_output=True, text=True, check=True)
    labels, back, count = dict[str, int](), list[tuple[int, int]](), 0
    for line in told.stdout.splitlines():
        if label := re.match(r"\s*(\.L_x_\d+):", line):
            labels[label[1]] = count
        elif made := re.search(r"/\*[0-9a-f]{4,}\*/\s+(.*?);", line):
            if (jump := re.search(r"BRA.*`\((\.L_x_\d+)\)", made[1])) and jump[1] in labels:
                back.append((labels[jump[1]], count))
            count += 1
    inner = [
        (first, last)
        for first, last in back
        if not any(first <= one and other <= last and (one, other) != (first, last) for one, other in back)
    ]
    return [last - first + 1 for first, last in inner if last > first]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--capability", type=int, default=90)
    parser.add_argument("--values", choices=["float64", "float32"], default="float64")
    parser.add_argument("--loops", action="store_true", help="and how many instructions the inner loops have")
    arguments = parser.parse_args()
    print(f"Triton {triton.__version__}, sm_{arguments.capability}, {arguments.values}")
    for kernel, given in launched(getattr(torch, arguments.values)):
        made = compiled(kernel, given, arguments.capability)
        registers, spilled = resources(made.asm["cubin"])
        print(
            f"  {kernel.__name__.strip('_'):16s} warps {made.metadata.num_warps:2d}, registers {registers:3d}, "
            f"shared {made.metadata.shared:5d} bytes, spilled {spilled} bytes"
        )
        if arguments.loops:
            print(f"    instructions of the inner loops: {', '.join(map(str, loops(made.asm['cubin'])))}")


if __name__ == "__main__":
    main()
