"""Files that are replaced as a whole: a new one is written beside the old one, then takes its name."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from canvasgen.errors import InvalidConstraint

__all__ = ["check_replaceable", "check_writable", "replace"]


def check_writable(path: Path, option: str) -> None:
    """Raise an error if a file cannot be made or replaced, before the work for its content is done.

    Raises:
        InvalidConstraint: it is a folder, its folder does not exist, or one of them cannot be written.
    """
    folder = path.absolute().parent
    if path.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        why = "it is not allowed"
    else:
        return
    raise InvalidConstraint(
        f"the file cannot be written: {why}",
        rule=option,
        value=str(path),
        remedy="name a file in a folder that exists and may be written",
    )


def check_replaceable(path: Path) -> None:
    """Raise an error if a file cannot be replaced, before the work for its new content is done.

    Raises:
        InvalidConstraint: the file or its folder cannot be written.
    """
    file = path.resolve()
    for needed in (file, file.parent):
        if not os.access(needed, os.W_OK):
            raise InvalidConstraint(
                f"{needed} cannot be written",
                rule="--in-place",
                value=str(path),
                remedy="allow it, or leave --in-place out and send the output elsewhere",
            )


def replace(path: Path, content: bytes) -> None:
    """Give a file a new content; whatever happens, it has the old or the new one whole.

    The mode, and as far as this user may, the owner stay; a symbolic link stays and its target is replaced. Hard links keep
    the old content.

    Raises:
        OSError: the new file cannot be written; the old one is as it was.
    """
    file = path.resolve()
    status = file.stat()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            if hasattr(os, "fchown"):
                with contextlib.suppress(PermissionError):
                    os.fchown(out.fileno(), status.st_uid, status.st_gid)
            os.chmod(name, status.st_mode & 0o7777)
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:  # Ctrl-C included: no litter stays
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
