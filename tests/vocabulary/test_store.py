from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.vocabulary import ArrayStore, cache_folder

ARRAYS = {
    "a": np.arange(7, dtype=np.int32).reshape(1, 7),
    "b": np.array([True, False, True]),
    "c": np.zeros(0, np.uint8),
    "d": np.array([2**40, -1], np.int64),
}


def same(found: dict[str, np.ndarray] | None) -> bool:
    return found is not None and all(
        np.array_equal(found[k], v) and found[k].dtype == v.dtype and found[k].flags.aligned
        for k, v in ARRAYS.items()
    )


def saved(folder: Path) -> Path:
    store = ArrayStore(folder)
    assert store.save("key", ARRAYS)
    path = store.path("key")
    assert path is not None
    return path


def test_round_trip(tmp_path: Path) -> None:
    path = saved(tmp_path / "deep" / "folder")
    found = ArrayStore(path.parent).load("key")
    assert same(found)
    assert list(path.parent.iterdir()) == [path]
    assert ArrayStore(path.parent).load("other key") is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_a_miss(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = saved(tmp_path_factory.mktemp("store"))
    content = bytearray(path.read_bytes())
    kind = data.draw(st.sampled_from(["flip", "cut", "grow", "replace"]))
    if kind == "flip":
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    elif kind == "grow":
        content += data.draw(st.binary(min_size=1, max_size=40))
    else:
        content = bytearray(data.draw(st.binary(max_size=200)))
    path.write_bytes(content)
    store = ArrayStore(path.parent)
    assert store.load("key") is None
    assert store.save("key", ARRAYS)
    assert same(store.load("key"))


def test_a_file_of_another_key_is_a_miss(tmp_path: Path) -> None:
    path = saved(tmp_path)
    other = ArrayStore(tmp_path).path("other")
    assert other is not None
    path.rename(other)
    assert ArrayStore(tmp_path).load("other") is None


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    store = ArrayStore(file / "below")
    assert store.save("key", ARRAYS) is False
    assert store.load("key") is None
    assert file.read_text() == "no folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        assert ArrayStore(tmp_path).save("key", ARRAYS) is False
    finally:
        tmp_path.chmod(0o755)


def test_no_folder_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CANVASGEN_CACHE", "")
    assert cache_folder() is None
    assert ArrayStore(None).save("key", ARRAYS) is False
    assert ArrayStore(None).load("key") is None
    monkeypatch.setenv("CANVASGEN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CANVASGEN_CACHE")
    folder = cache_folder()
    assert folder is not None
    assert folder.name == "canvasgen"


def test_the_oldest_files_go_first(tmp_path: Path) -> None:
    size = saved(tmp_path).stat().st_size
    ArrayStore(tmp_path).path("key").unlink()  # pyright: ignore[reportOptionalMemberAccess]
    for age, key in enumerate(["new", "middle", "old"]):
        store = ArrayStore(tmp_path, max_bytes=10**9)
        store.save(key, ARRAYS)
        path = store.path(key)
        assert path is not None
        os.utime(path, (10**9 - age, 10**9 - age))
    (tmp_path / "not mine.txt").write_text("stays")
    ArrayStore(tmp_path, max_bytes=3 * size).save("newest", ARRAYS)
    kept = [key for key in ["new", "middle", "old", "newest"] if ArrayStore(tmp_path).load(key) is not None]
    assert kept == ["new", "middle", "newest"]
    assert (tmp_path / "not mine.txt").exists()


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ArrayStore(tmp_path).save("key", ARRAYS)
    assert list(tmp_path.iterdir()) == []


def write_and_read(folder: str) -> int:
    store = ArrayStore(Path(folder))
    wrong = 0
    for _ in range(60):
        store.save("key", ARRAYS)
        wrong += not same(store.load("key"))
    return wrong


@pytest.mark.slow
def test_concurrent_writers(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(write_and_read, [str(tmp_path)] * 3) == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 1


def test_only_plain_numbers(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="float64"):
        ArrayStore(tmp_path).save("key", {"x": np.zeros(2)})


def planted(folder: Path, header: object, body: bytes = b"") -> None:
    """A file with a right checksum over what no `save` wrote."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    tail = len(text).to_bytes(8, "little") + text + body
    path = ArrayStore(folder).path("key")
    assert path is not None
    path.write_bytes(b"canvasgen array file 01\n" + hashlib.sha256(tail).digest() + tail)


HEADERS: list[object] = [
    b"", b"{", b"[" * 20_000, [], {}, {"key": "key"}, {"key": "key", "arrays": 5}, {"key": "key", "arrays": [1]},
    *({"key": "key", "arrays": [["a", dtype, shape]]}
      for dtype, shape in [("<i4", [-1]), ("<i4", [1 << 62, 4]), ("<i4", [4]), ("|O", [1]), ("<i4", "no"),
                           ("<i4", [1.5]), ("<i4", [True])]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HEADERS)))
def test_a_planted_header_is_a_miss(tmp_path: Path, number: int) -> None:
    planted(tmp_path, HEADERS[number])
    assert ArrayStore(tmp_path).load("key") is None


def test_the_folder_is_its_owners(tmp_path: Path) -> None:
    path = saved(tmp_path / "new")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o666)
    assert ArrayStore(path.parent).load("key") is None
    path.chmod(0o600)
    assert same(ArrayStore(path.parent).load("key"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_a_miss(tmp_path: Path) -> None:
    path = saved(tmp_path)
    os.chown(path, 12_345, 12_345)
    assert ArrayStore(tmp_path).load("key") is None


def test_a_secret_keys_the_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path)
    for secret, known in [("one", False), ("one", True), ("two", False), ("", False)]:
        monkeypatch.setenv("CANVASGEN_CACHE_KEY", secret)
        assert (ArrayStore(tmp_path).load("key") is not None) == known
        saved(tmp_path)


def test_what_a_killed_writer_left_goes_after_a_while(tmp_path: Path) -> None:
    path = saved(tmp_path)
    old, new = tmp_path / f"{path.name}1.part", tmp_path / f"{path.name}2.part"
    for file, age in [(old, 7200), (new, 60)]:
        file.write_bytes(b"half")
        os.utime(file, (time.time() - age,) * 2)
    saved(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert ArrayStore(tmp_path, max_bytes=path.stat().st_size - 1).load("key") is None
