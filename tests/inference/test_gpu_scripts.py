"""The scripts that wait for a GPU run, on the CPU, with tiny sizes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from quick_interpreter import needs_triton

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


def ran(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@needs_triton
def test_a_step_in_all_ways_beside_the_dense_tree() -> None:
    """It checks every way against the plain backend before it times it."""
    lines = ran("gpu_step.py", "--tiny").splitlines()
    assert [line.split()[2] for line in lines[2:]] == ["kernels", "graph", "split", "tree"]


@pytest.mark.slow
def test_a_model_and_the_loop() -> None:
    told = ran("gpu_full_size.py", "--tiny")
    assert re.search(r"^ +8 +2 .*%$", told, re.M)
    assert re.search(r"^loop, \d+ states .*condition", told, re.M)


@pytest.mark.slow
def test_the_predictions_are_those_of_the_page() -> None:
    page = (BENCHMARKS.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    told = [line for line in ran("floors.py").splitlines() if line.startswith("|")]
    assert len(told) == 38
    assert all(line in page for line in told)
