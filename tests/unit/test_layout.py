# SPDX-License-Identifier: Apache-2.0
"""One stem, many places; small files, small functions, no machine's paths."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[2]

MOST_LINES = 450  # of a source file
MOST_FUNCTION_LINES = 60
SOURCES = {".py", ".sv", ".svh", ".hpp", ".h", ".cpp", ".j2", ".tcl"}
# Ratchet: lines of hlsgen/, templates/ and sim/ together. Raise it knowingly, lower it gladly.
MOST_TOTAL_LINES = 48_000

STEMS = sorted(p.stem for p in (ROOT / "hlsgen/stages").glob("*.py") if p.stem != "__init__")


def tracked() -> list[Path]:
    """Files of the repository: git's list, or every file of an unpacked archive."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        parts = {".venv", ".git", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
        return [p for p in ROOT.rglob("*") if p.is_file() and not parts & set(p.parts)]
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix in SOURCES]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("stem", STEMS)
def test_stage_has_every_place(stem: str) -> None:
    hardware = [f"templates/hls/{stem}.hpp", f"templates/rtl/hg_{stem}.sv", f"sim/{stem}"]
    missing = [place for place in hardware if not (ROOT / place).exists()]
    assert missing == []
    assert (ROOT / f"docs/stages/{stem}.md").exists()
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if stem in p.stem]
    assert tests, f"no tests/**/test_*{stem}*.py"


def test_files_are_small() -> None:
    long = {str(p.relative_to(ROOT)): n for p in sources() if (n := lines(p)) > MOST_LINES}
    assert long == {}


def test_functions_are_small() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": size
        for path in sources()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > MOST_FUNCTION_LINES
    }
    assert long == {}


def test_total_stays_under_the_ratchet() -> None:
    counted = [
        p for p in sources() if p.relative_to(ROOT).parts[0] in ("hlsgen", "templates", "sim")
    ]
    assert sum(lines(path) for path in counted) <= MOST_TOTAL_LINES


def test_sources_carry_their_licence() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.stat().st_size
        and "SPDX-License-Identifier: Apache-2.0" not in path.read_text(encoding="utf-8")[:400]
    ]
    assert bare == []


def test_no_paths_of_a_machine() -> None:
    pattern = re.compile(rb"(?<![\w.])/(?:w[o]rk|r[o]ot|h[o]me/\w+|U[s]ers/\w+|t[m]p/bash_jobs)/")
    hits = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix not in {".npz", ".npy", ".png"} and pattern.search(path.read_bytes())
    ]
    assert hits == []


def test_generated_text_is_not_glued() -> None:
    """Code for the tools comes from templates: no `+=` on text in what writes it."""
    glued = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("emit", "engines", "run")
        for path in sorted((ROOT / "hlsgen" / folder).glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add)
        and isinstance(node.value, ast.JoinedStr | ast.Constant)
        and not (isinstance(node.value, ast.Constant) and not isinstance(node.value.value, str))
    ]
    assert glued == []


def test_large_files_stay_out() -> None:
    large = {
        str(p.relative_to(ROOT)): p.stat().st_size
        for p in tracked()
        if p.stat().st_size > 1_000_000
    }
    assert large == {}
