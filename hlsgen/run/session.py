# SPDX-License-Identifier: Apache-2.0
"""What simulations of all engines share: a project's bench, why a start failed, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.run.identity import mismatch
from hlsgen.run.outcome import refusal
from hlsgen.run.system import Session, bench_of
from hlsgen.run.verilate import Bench, tail


def project_bench(folder: Path, ports_n: int, *, waves: bool) -> Bench:
    """The bench of a project: every source that `build` wrote for it."""
    sources = [
        path
        for part in ("rtl", "sim")
        for path in sorted((folder / part).iterdir())
        if path.suffix in (".sv", ".cpp")
    ]
    return bench_of(sources, ports_n, waves=waves)


def failure_of(
    session: Session, number: int, spec: MixedSpec | ProposalSpec, unit: str
) -> str | None:
    """Why start `number` is no good: no end, a broken rule, hardware of another design, a status.

    Start 0 is the identification; `unit` is what the report's index counts.
    """
    ended = [outcome.ended for outcome in session.outcomes]
    if not all(ended[: number + 1]):
        if not all(ended[1:number]):
            return "the simulation ended at an earlier project"
        return f"the simulation failed (all of it in sim.log):\n{tail(session.run.log)}"
    other = mismatch(spec, session.outcomes[0].report)
    return other or refusal(session.outcomes[number].report, unit)


def steady_cycles(ends: Sequence[int]) -> float:
    """Cycles from frame to frame once the pipeline is full; one frame alone is its latency."""
    if len(ends) < 2:
        return float(ends[0]) if ends else 0.0
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def memory_figures(moved: Mapping[str, float], budget: float, cycles: float) -> dict[str, Any]:
    """Bytes of a frame, and their share of what the memory could move in its cycles."""
    share = sum(moved.values()) / (budget * cycles) if cycles else None
    return {
        "bytes": dict(moved),
        "bytes_per_cycle": round(budget, 3),
        "share": None if share is None else round(share, 4),
    }
