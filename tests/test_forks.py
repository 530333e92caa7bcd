"""A child that was forked from a process with threads goes on by itself instead of waiting for them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from canvasgen.forks import Guard
from canvasgen.once import Once

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

PATIENCE = 120
"""Seconds after which a child counts as hanging."""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    head = f"import faulthandler, os; faulthandler.dump_traceback_later({PATIENCE}, exit=True)\n"
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", head + textwrap.dedent(code)],
        capture_output=True, text=True, timeout=4 * PATIENCE, env={**os.environ, **environment},
    )  # fmt: skip


def in_child(work) -> int:
    """The exit code of a forked child: 0 if `work` is true there, 1 if not, 2 if it hangs."""
    child = os.fork()
    if child == 0:
        import faulthandler

        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        os._exit(0 if work() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_guard_excludes_other_threads() -> None:
    guard, entered = Guard(), []
    with guard:
        other = threading.Thread(target=lambda: guard.__enter__() or entered.append(1))
        other.start()
        other.join(0.05)
        assert entered == []
    other.join(PATIENCE)
    assert entered == [1]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_guard_that_is_held_is_free_in_the_child() -> None:
    guard = Guard()

    def enter() -> bool:
        with guard:
            return True

    with guard:
        assert in_child(enter) == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_value_in_the_making_is_made_anew_in_the_child() -> None:
    once: Once[str] = Once(2)
    begun, end = threading.Event(), threading.Event()

    def slowly() -> str:
        begun.set()
        end.wait(PATIENCE)
        return "parent's"

    maker = threading.Thread(target=lambda: once.get("key", slowly))
    maker.start()
    begun.wait(PATIENCE)
    code = in_child(lambda: once.get("key", lambda: "child's") == "child's")
    end.set()
    maker.join(PATIENCE)
    assert code == 0
    assert once.get("key", lambda: "another") == "parent's"


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_the_child_of_a_parent_that_has_generated_generates(threads: int) -> None:
    done = run(
        f"""
        import torch
        torch.set_num_threads({threads})
        import canvasgen as cg
        def generated():
            return cg.generate("three letters", regex="[a-z]{{3}}", seed=0, max_denoising_steps=3)
        large = torch.randn(2000, 2000).softmax(-1)  # shared among the threads, whatever the model does
        first = generated()
        child = os.fork()
        if child == 0:
            same = generated() == first
            large.softmax(-1)
            print(same, torch.get_num_threads(), flush=True)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.get_num_threads())
        """
    )
    assert done.stdout.split() == ["True", "1", "0", str(threads)], done.stderr
    assert ("computes on one thread" in done.stderr) == (threads > 1)
