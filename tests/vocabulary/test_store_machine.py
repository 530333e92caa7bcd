"""Processes that share one cache folder, writers that are killed, files that are damaged: no load is ever wrong."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from canvasgen.vocabulary import ArrayStore

KEYS = st.sampled_from("abcd")
VALUES = st.integers(0, 200)
MOST = 6_000
"""Bytes of the folder: a few files."""


def arrays(value: int) -> dict[str, np.ndarray]:
    return {
        "numbers": np.arange(value, value + 8 * (value % 40), dtype=np.int64),
        "flag": np.array([value % 2 == 0]),
    }


def same(found: dict[str, np.ndarray], value: int) -> bool:
    wanted = arrays(value)
    return found.keys() == wanted.keys() and all(np.array_equal(found[name], wanted[name]) for name in wanted)


class Folder(RuleBasedStateMachine):
    """Two stores of this process, and others in children."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.folder.chmod(0o700)
        self.stores = [ArrayStore(self.folder, MOST) for _ in range(2)]
        self.saved: dict[str, int] = {}

    def teardown(self) -> None:
        self.place.cleanup()

    def size(self) -> int:
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.suffix == ".arrays")

    def in_child(self, key: str, value: int, *, killed: bool) -> None:
        """Save in another process, which is killed, perhaps, when all is written but the name."""
        child = os.fork()
        if child == 0:
            try:
                if killed:
                    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign, assignment]
                ArrayStore(self.folder, MOST).save(key, arrays(value))
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) == killed

    @rule(which=st.integers(0, 1), key=KEYS, value=VALUES)
    def save(self, which: int, key: str, value: int) -> None:
        assert self.stores[which].save(key, arrays(value))
        self.saved[key] = value
        assert self.size() <= MOST

    @rule(key=KEYS, value=VALUES)
    def save_elsewhere(self, key: str, value: int) -> None:
        self.in_child(key, value, killed=False)
        self.saved[key] = value
        assert self.size() <= MOST

    @rule(key=KEYS, value=VALUES)
    def killed(self, key: str, value: int) -> None:
        self.in_child(key, value, killed=True)

    @rule(which=st.integers(0, 1), key=KEYS)
    def load(self, which: int, key: str) -> None:
        found = self.stores[which].load(key)
        assert found is None or same(found, self.saved[key])

    @rule(key=KEYS, at=st.floats(0, 1), bits=st.integers(1, 255))
    def damage(self, key: str, at: float, bits: int) -> None:
        file = self.stores[0].path(key)
        if file is not None and file.exists():
            content = bytearray(file.read_bytes())
            content[int(at * (len(content) - 1))] ^= bits
            file.write_bytes(bytes(content))
            assert self.stores[1].load(key) is None

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        file = self.stores[0].path(key)
        assert file is not None
        file.unlink(missing_ok=True)

    @rule()
    def an_hour_goes_by(self) -> None:
        for file in self.folder.iterdir():
            if file.name.endswith(".part"):
                os.utime(file, (time.time() - 7200, time.time() - 7200))
        assert self.stores[0].save("z", arrays(1))
        self.saved["z"] = 1
        assert not [file for file in self.folder.iterdir() if file.name.endswith(".part")]

    @invariant()
    def others_cannot_read(self) -> None:
        assert self.folder.stat().st_mode & 0o077 == 0
        assert all(file.stat().st_mode & 0o077 == 0 for file in self.folder.iterdir())


TestFolder = Folder.TestCase
TestFolder.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path, MOST)
    file = store.path("a")
    assert file is not None
    os.mkfifo(file)
    assert store.load("a") is None
