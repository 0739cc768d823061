# SPDX-License-Identifier: Apache-2.0
"""Compiles and runs the benches that read scripts made from the golden models."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from hlsgen.run.verilate import Bench, compile_bench, run_bench, tail
from tests.rtl.bench import RTL, SIM


def hex_lines(values: Iterable[int]) -> str:
    """Lines for $readmemh."""
    return "".join(f"{int(value):x}\n" for value in values)


def run_script(stem: str, params: Mapping[str, int], folder: Path, **plusargs: int) -> str:
    """Run sim/<stem> on the files in `folder` and return its log; red fails the test."""
    top = SIM / stem / f"hg_{stem}_bench.sv"
    bench = Bench(
        top=top.stem,
        sources=_closure(top),
        public=("done", "errors"),
        parameters={name: str(value) for name, value in params.items()},
    )
    program, _ = compile_bench(bench)
    args = [f"+folder={folder}", *(f"+{name}={value}" for name, value in plusargs.items())]
    run = run_bench(
        program,
        bench,
        module=f"tb_{stem}",
        search=[SIM / stem, SIM / "common"],
        folder=folder,
        plusargs=args,
    )
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    assert run.passed, f"rerun: pytest '{test}' ({' '.join(args)})\n{tail(run.log, 30)}"
    return run.log


def _closure(top: Path) -> tuple[Path, ...]:
    """The bench and the modules it instantiates, at any depth; of benches those in common."""
    folders = (SIM / "common", RTL)
    library = {path.stem: path for folder in folders for path in sorted(folder.glob("hg_*.sv"))}
    found: dict[str, Path] = {}
    todo = [top]
    while todo:
        text = todo.pop().read_text(encoding="utf-8")
        for name, path in library.items():
            if name not in found and (f"  {name} " in text or f" {name}::" in text):
                found[name] = path
                todo.append(path)
    return (top, *(found[name] for name in sorted(found)))
