"""A child of the compilers that has to compile a kernel first is not ended for it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

CHILD = """
import time
import numba
from canvasgen.serve.compiling.kernel_time import SECONDS, leave_kernels_uncounted
from canvasgen.serve.own_processes import Allowed, bind

lines = [f"    if a > {n}: a = a * {n}.5 + b ** {n % 3}" for n in range(600)]
scope = {}
exec("\\n".join(["def kernel(a, b):", *lines, "    return a"]), scope)
kernel = numba.njit(scope["kernel"])
{counts}bind(Allowed(1.0, 1 << 32), SECONDS)
{counts}leave_kernels_uncounted()
{only}bind(Allowed(1.0, 1 << 32))
begun = time.process_time()
kernel(1.0, 2.0)
print("compiled", time.process_time() - begun > 2.5, flush=True)
while True:
    pass
"""


def run(**marks: str) -> subprocess.CompletedProcess[str]:
    code = CHILD
    for name, mark in marks.items():
        code = code.replace("{" + name + "}", mark)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_time_of_a_kernel_is_not_counted_and_that_of_the_recipe_is() -> None:
    done = run(counts="", only="#")
    assert (done.stdout, done.returncode) == ("compiled True\n", -signal.SIGXCPU), done.stderr


@pytest.mark.slow
def test_otherwise_it_would_end_in_it() -> None:
    done = run(counts="#", only="")
    assert (done.stdout, done.returncode) == ("", -signal.SIGXCPU), done.stderr
