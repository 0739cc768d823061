# SPDX-License-Identifier: Apache-2.0
"""Planted mutations: one text of one source replaced, for whatever a test compiles meanwhile.

Mutations that one bench must meet are compiled together, each behind a plusarg of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hlsgen.run import verilate
from tests.conftest import ROOT

BENCHES = ("tests.rtl.bench", "tests.rtl.scripted", "hlsgen.run.system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A text that occurs once in a source of the repository, and what stands there instead.

    Where a mutation shares its bench, both are expressions between `before` and `after`.
    """

    source: str
    old: str
    new: str
    before: str = ""
    after: str = ""

    def applied(self, text: str) -> str:
        """The source with the mutation."""
        return self._put(text, self.new)

    def switched(self, text: str, name: str) -> str:
        """The source with the mutation where the run has the plusarg of that name."""
        return self._put(
            text, f'($test$plusargs("{_plusarg(name)}") ? ({self.new}) : ({self.old}))'
        )

    def _put(self, text: str, new: str) -> str:
        old = f"{self.before}{self.old}{self.after}"
        if (found := text.count(old)) != 1:
            pytest.fail(f"{self.source} must hold this once, not {found} times: {old!r}")
        return text.replace(old, f"{self.before}{new}{self.after}")


def _plusarg(name: str) -> str:
    return f"mutation={name}."  # the end: $test$plusargs asks how an argument begins


class Mutant:
    """Benches are compiled with the mutated sources in place of the repository's, and run so."""

    def __init__(
        self, mutations: Mapping[str, Mutation], name: str, folder: Path, patch: pytest.MonkeyPatch
    ) -> None:
        self._paths = _written(mutations, folder)
        self._plusargs = () if len(mutations) == 1 else (f"+{_plusarg(name)}",)
        self.compiled = 0
        for module in BENCHES:
            patch.setattr(f"{module}.compile_bench", self._compile)
            patch.setattr(f"{module}.run_bench", self._run)

    def _compile(self, bench: verilate.Bench) -> tuple[Path, float]:
        names = [source.name for source in bench.sources]
        for name in self._paths:
            if names.count(name) != 1:
                pytest.fail(f"{bench.top} is not compiled with {name}")
        sources = tuple(self._paths.get(source.name, source) for source in bench.sources)
        found = verilate.compile_bench(replace(bench, sources=sources))
        self.compiled += 1
        return found

    def _run(self, *given: Any, plusargs: tuple[str, ...] = (), **more: Any) -> verilate.Run:
        return verilate.run_bench(*given, plusargs=(*plusargs, *self._plusargs), **more)


def _written(mutations: Mapping[str, Mutation], folder: Path) -> dict[str, Path]:
    """Mutated sources in a folder, by their names."""
    texts: dict[str, str] = {}
    for name, mutation in mutations.items():
        source = mutation.source
        text = texts.get(source) or (ROOT / source).read_text(encoding="utf-8")
        alone = len(mutations) == 1
        texts[source] = mutation.applied(text) if alone else mutation.switched(text, name)
    paths = {Path(source).name: folder / Path(source).name for source in texts}
    for path, text in zip(paths.values(), texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
