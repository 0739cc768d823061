# SPDX-License-Identifier: Apache-2.0
"""Write beside, then rename: a failed or interrupted write leaves the previous output whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hlsgen.errors import ProjectError

# What a full or protected disk answers while the content is written; other errors are not ours.
_REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_MARKER = ".hlsgen"  # a folder without it was not written by hlsgen and is never replaced


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that takes its place when the block ends well.

    On any exception, Ctrl-C included, the new folder is removed and `target` stays as it was.
    An existing target is replaced only if it is empty or was written by hlsgen.
    """
    target = target.resolve()
    _check_replaceable(target)
    with _mended(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.new.", dir=target.parent))
    try:
        with _mended(target, _REFUSALS):
            beside.chmod(0o755)
            (beside / _MARKER).touch()
            yield beside
            _sync(beside)
            _swap(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` that takes the target's place when the block ends well.

    The path has the target's suffix, so that writers which look at it (numpy) see what they expect.
    """
    target = target.resolve()
    if target.is_dir():
        raise ProjectError(f"Output file must not be a folder, not {target}; name a file in it")
    with _mended(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name}.new.", suffix=target.suffix, dir=target.parent
        )
        os.close(handle)
    beside = Path(name)
    try:
        with _mended(target, _REFUSALS):
            beside.chmod(0o644)
            yield beside
            _sync_file(beside)
            beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a text file in one step: readers see the old content or the new one."""
    with replace_file(target) as beside:
        beside.write_text(text, encoding="utf-8")


def _check_replaceable(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise ProjectError(f"Output folder must be a folder, not {target}; choose another name")
    if target.is_dir() and not (target / _MARKER).is_file() and any(target.iterdir()):
        raise ProjectError(
            f"Output folder must be empty or written by hlsgen, not {target}; "
            "choose another folder or empty it"
        )


@contextmanager
def _mended(target: Path, only: frozenset[int] | None = None) -> Iterator[None]:
    """Turn what the file system refuses (no space, no permission) into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (only is not None and error.errno not in only):
            raise
        raise ProjectError(
            f"Output {target} must be writable, not refused ({os.strerror(error.errno)}); "
            "the previous output is untouched"
        ) from error


def _swap(beside: Path, target: Path) -> None:
    """Put `beside` in the place of `target`: two renames, the first undone if the second fails."""
    if not target.exists():
        beside.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    try:
        target.rename(old)  # an empty folder may be renamed over
        beside.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    finally:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            _sync_file(path)


def _sync_file(path: Path) -> None:
    """Flush to the disk, which is where a full disk shows itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
