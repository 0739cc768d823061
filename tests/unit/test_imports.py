# SPDX-License-Identifier: Apache-2.0
"""Data flows one way: who may import whom, read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
PACKAGE = Path(__file__).resolve().parents[2] / "hlsgen"

BASE = {"errors", "naming", "files", "resources", "frames", "photos", "yaml_file"}
# A part may import itself, BASE and what stands here; __init__ of the package counts as BASE.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "naming": set(),
    "files": set(),
    "resources": set(),
    "frames": set(),
    "photos": set(),
    "yaml_file": set(),
    "boards": set(),
    "model": set(),
    "stages": {"model.numbers", "model.filters"},
    "frontends": {"model", "passes"},
    "passes": {"model"},
    "engines": {"stages", "model"},
    "plan": {"engines", "stages", "model", "boards"},
    "emit": {"plan", "engines", "stages", "model", "boards"},
    "run": {"emit", "plan", "engines", "stages", "model", "boards"},
    "report": {"model"},
    "recall": {"emit", "engines", "stages", "model"},
}
TOP = {"api", "cli", "console", "doctor", "__main__"}
# What only one place may import: the parts that read files and start tools stay where they are.
SOLE_USERS = {
    "jinja2": {"emit/render.py"},
    "typer": {"cli.py"},
    "rich": {"console.py"},
    "pickle": set(),
    "marshal": set(),
    "shelve": set(),
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_data" not in p.parts)


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """The syntax tree of a file, flat: parsed once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, late imports included; TYPE_CHECKING ones too."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            module = node.module or ""
            yield module
            if module == "hlsgen":
                yield from (f"hlsgen.{alias.name}" for alias in node.names)


def part(path: Path) -> str:
    relative = path.relative_to(PACKAGE).with_suffix("")
    return relative.parts[0]


def violations(path: Path) -> list[str]:
    mine = part(path)
    if mine in TOP or mine == "__init__":
        return []
    if mine not in ALLOWED:
        return [f"{path.relative_to(PACKAGE)}: part {mine!r} has no place in ALLOWED"]
    wrong = []
    for name in imports(path):
        if not name.startswith("hlsgen."):
            continue
        target = name.removeprefix("hlsgen.")
        top = target.split(".")[0]
        fine = top == mine or (top in BASE and mine not in {"errors"})
        if not fine and not any(target == a or target.startswith(f"{a}.") for a in ALLOWED[mine]):
            wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    return wrong


def test_imports_flow_downstream() -> None:
    assert [line for path in modules() for line in violations(path)] == []


def test_the_rule_sees_a_wrong_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "model/a.py": "from hlsgen import plan",
        "stages/b.py": "def f():\n    import hlsgen.model.graph",
        "passes/c.py": "from hlsgen.model.graph import Model\nfrom hlsgen.errors import E",
        "errors.py": "from hlsgen.files import x",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert [line for path in modules() for line in violations(path)] == [
        "errors.py imports hlsgen.files",
        "model/a.py imports hlsgen.plan",
        "stages/b.py imports hlsgen.model.graph",
    ]


@pytest.mark.parametrize("package", SOLE_USERS)
def test_packages_have_their_one_place(package: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        for name in imports(path)
        if name.split(".")[0] == package
    }
    assert users <= SOLE_USERS[package]


def test_model_files_are_never_unpickled() -> None:
    calls = [
        (path.name, node.lineno)
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"np.load", "numpy.load", "np.lib.format.read_array"}
        and not any(
            k.arg == "allow_pickle" and ast.unparse(k.value) == "False" for k in node.keywords
        )
    ]
    assert calls == []
