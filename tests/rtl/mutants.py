# SPDX-License-Identifier: Apache-2.0
"""Planted mutations: one text of one source replaced, for whatever a test compiles meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hlsgen.run import verilate
from tests.conftest import ROOT

COMPILERS = ("tests.rtl.bench", "tests.rtl.scripted", "hlsgen.run.system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A text that occurs once in a source of the repository, and what stands there instead."""

    source: str
    old: str
    new: str

    def write(self, folder: Path) -> Path:
        """Write the mutated source into a folder, under its own name."""
        text = (ROOT / self.source).read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            pytest.fail(f"{self.source} must hold this once, not {found} times: {self.old!r}")
        path = folder / Path(self.source).name
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        return path


class Mutant:
    """Benches are compiled with the mutated source in place of the repository's."""

    def __init__(self, mutation: Mutation, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._path = mutation.write(folder)
        self.compiled = 0
        for name in COMPILERS:
            patch.setattr(f"{name}.compile_bench", self._compile)

    def _compile(self, bench: verilate.Bench) -> tuple[Path, float]:
        names = [source.name for source in bench.sources]
        if names.count(self._path.name) != 1:
            pytest.fail(f"{bench.top} is not compiled with {self._path.name}")
        at = names.index(self._path.name)
        sources = (*bench.sources[:at], self._path, *bench.sources[at + 1 :])
        found = verilate.compile_bench(replace(bench, sources=sources))
        self.compiled += 1
        return found
