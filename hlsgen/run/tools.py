# SPDX-License-Identifier: Apache-2.0
"""Outside tools: where they are, how they are started, and one sentence when they are missing."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hlsgen.errors import ToolError

_HEADER = "ap_int.h"
_LAST_LINES = 6
_WORDS = ("error", "no space left", "cannot", "not found")  # of lines that say what is wrong
_LEVELS = ("-O0", "-Og", "-O1", "-O2", "-O3")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def find_compiler() -> Path:
    """Return the C++ compiler: $CXX, or g++ on the path."""
    name = os.environ.get("CXX") or "g++"
    found = shutil.which(name)
    if found is None:
        raise ToolError(
            f"C++ compiler {name} must be on the path, not absent; "
            "install it with apt-get install g++, or set CXX"
        )
    return Path(found)


def find_headers() -> Path:
    """Return the folder of AMD's headers (ap_int.h): those of Vitis HLS, else those of hls4ml."""
    for folder in _header_folders():
        if (folder / _HEADER).is_file():
            return folder
    raise ToolError(
        f"AMD's header {_HEADER} must be found, not absent; set XILINX_HLS to a Vitis HLS "
        "installation, or run pip install --no-deps hls4ml"
    )


def _header_folders() -> Iterable[Path]:
    vitis = os.environ.get("XILINX_HLS")
    if vitis:
        yield Path(vitis) / "include"
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "templates" / "vivado" / "ap_types"


def cache_folder() -> Path:
    """Return the folder of compiled simulations: $HLSGEN_CACHE, or the user's cache folder."""
    chosen = os.environ.get("HLSGEN_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(home) / "hlsgen"


def content_hash(files: Iterable[Path], *more: str) -> str:
    """Return a hash of files (names and bytes, in any order) and of further strings."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for text in more:
        digest.update(f"\0{text}".encode())
    return digest.hexdigest()[:20]


def jobs() -> int:
    """Return how many compilers may run at once: $HLSGEN_JOBS, or one for every processor."""
    chosen = os.environ.get("HLSGEN_JOBS")
    if not chosen:
        return os.cpu_count() or 1
    if not chosen.isdecimal() or int(chosen) < 1:
        raise ToolError(
            f"HLSGEN_JOBS must be a number of compilers from 1, not {chosen!r}; correct or unset it"
        )
    return int(chosen)


def optimisation(usual: str) -> str:
    """Return the level at which simulations are compiled: $HLSGEN_OPTIMISE, or the usual one."""
    chosen = os.environ.get("HLSGEN_OPTIMISE") or usual
    if chosen not in _LEVELS:
        raise ToolError(
            f"HLSGEN_OPTIMISE must be one of {' '.join(_LEVELS)}, not {chosen!r}; "
            "correct or unset it"
        )
    return chosen


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold what is made at `target` for this process; another one waits until it is released."""
    path = target.with_name(f".{target.name}.lock")
    with _writable_cache():
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = _held(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _held(path: Path) -> int:
    """A locked file of that name: one that its last holder has removed meanwhile does not count."""
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(lock)):
                return lock
        os.close(lock)


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return the cached file or folder `name`; one process alone makes it (`make(path)`)."""
    target = cache_folder() / name
    if not target.exists():
        with locked(target):
            if not target.exists():
                _make_cached(target, make)
    return target


def _make_cached(target: Path, make: Callable[[Path], None]) -> None:
    with _writable_cache():
        beside = tempfile.mkdtemp(prefix=".new.", dir=target.parent)
    try:
        fresh = Path(beside) / target.name
        make(fresh)
        with _writable_cache():
            fresh.replace(target)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise ToolError(
            f"Folders {cache_folder()} and {tempfile.gettempdir()} must have room, not refuse "
            f"({os.strerror(error.errno or 0)}); set HLSGEN_CACHE and TMPDIR to larger ones"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _writable_cache() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"Cache folder {cache_folder()} must be writable, not refused "
            f"({os.strerror(error.errno or 0)}); set HLSGEN_CACHE to another folder"
        ) from error


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    good: Sequence[int] = (0,),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it; an exit code not in `good` is a ToolError.

    It gets a process group of its own, which is killed when we are interrupted: make would leave
    its compilers running.
    """
    arguments = [str(part) for part in command]
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=None if env is None else dict(env),
        cwd=cwd,
        process_group=0,
    ) as process:
        try:
            out, err = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    done = subprocess.CompletedProcess(arguments, process.returncode, out, err)
    if done.returncode not in good:
        raise ToolError(f"{what} must end well, not with code {done.returncode}: {_last(done)}")
    return done


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    errors = [line for line in lines if any(word in line.lower() for word in _WORDS)]
    return " | ".join((errors or lines)[-_LAST_LINES:]) or "it printed nothing"
