"""The Triton kernels compile for an H100; no GPU is needed for that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from quick_interpreter import needs_triton

SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "compile_kernels.py"
MOST_SPILLED = 24
"""Bytes of a thread."""


@pytest.mark.slow
@needs_triton
def test_kernels_compile(tmp_path: Path) -> None:
    """The interpreter takes what the compiler refuses, such as a variable that changes its type."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    spilled = {name: int(n) for name, n in re.findall(r"^ +(\w+) .*spilled (\d+) bytes", done.stdout, re.M)}
    assert len(spilled) == 12
    assert max(spilled.values()) <= MOST_SPILLED
