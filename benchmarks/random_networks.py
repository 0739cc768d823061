# SPDX-License-Identifier: Apache-2.0
"""Random networks through the C++ and the hardware: on fixed designs, and on drawn ones."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.rows import Row
from hlsgen.engines.mixed import MixedSpec
from hlsgen.errors import HlsgenError
from hlsgen.run import csim
from hlsgen.run.sim import Work, simulate_all
from tests.designs import spec_of
from tests.net.sim_build import projects_of, wrong
from tests.random_networks import DESIGNS, Network, drawn_network, network

MODELS, DRAWN_DESIGNS, DRAWN_MODELS = 50, 2, 10


def fixed_designs() -> list[Row]:
    """Fifty networks on each of the designs of the tests."""
    return [
        _row(name, spec, [network(name, seed) for seed in range(MODELS)])
        for name, spec in DESIGNS.items()
    ]


def drawn_designs() -> list[Row]:
    """Networks on designs that nobody chose; HLSGEN_SEED repeats a run."""
    seed = int(os.environ.get("HLSGEN_SEED") or time.time()) % 1_000_000
    rows = []
    for number in range(seed, seed + DRAWN_DESIGNS):
        spec = drawn_spec(np.random.default_rng(number))
        first = number * DRAWN_MODELS
        networks = [drawn_network(spec, item) for item in range(first, first + DRAWN_MODELS)]
        rows.append(_row(f"drawn {number}", spec, networks))
    return rows


def drawn_spec(rng: np.random.Generator) -> MixedSpec:
    """A design that validates, at most 32 rows."""
    while True:
        act_bits = int(rng.choice([4, 8]))
        rows_n = int(rng.choice([1, 2])) * 64 // act_bits
        fixed8_n = int(rng.integers(0, rows_n + 1))
        fixed4_n = 2 * int(rng.integers(0, (rows_n - fixed8_n) // 2 + 1))
        try:
            return spec_of(
                rows_n - fixed8_n - fixed4_n, fixed4_n, fixed8_n, act_bits=act_bits,
                lanes_n=int(rng.choice([1, 2, 4, 8])), pixels_n=int(rng.choice(range(2, 13, 2))),
                drain_n=int(rng.choice([1, 2])), weight_ports_n=int(rng.integers(1, 4)),
                ring_depth=4096,
            )  # fmt: skip
        except HlsgenError:
            continue


def _row(name: str, spec: MixedSpec, networks: Sequence[Network]) -> Row:
    differences = _differences(spec, networks)
    seeds = [item.seed for item in networks]
    good = len(set(seeds) - differences.keys())
    reached = f"{good} of {len(seeds)}, seeds {seeds[0]}..{seeds[-1]}"
    return Row(
        what=f"Random networks on {name}: golden = C++ = hardware",
        asked=f"{len(seeds)} equal",
        reached="; ".join([reached, *list(differences.values())[:2]]),
        command=f"make bench (--only {'drawn' if name.startswith('drawn') else 'random'}); "
        f"rows {spec.pot4_n}:{spec.fixed4_n}:{spec.fixed8_n}, A{spec.act_bits}, N {spec.lanes_n}, "
        f"P {spec.pixels_n}",
        good=not differences,
    )


def _differences(spec: MixedSpec, networks: Sequence[Network]) -> dict[int, str]:
    """What differs, by seed."""
    found: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="hlsgen-bench-") as name:
        projects = projects_of(networks, spec, Path(name))
        works = [
            Work(project=project, codes=item.codes)
            for item, project in zip(networks, projects, strict=True)
        ]
        results = simulate_all(works)
        for item, work, hardware in zip(networks, works, results, strict=True):
            try:
                software = csim.simulate(work.project, work.codes)
                sides = {
                    "C++": wrong(item, software.verdict, software.failure),
                    "hardware": wrong(item, hardware.verdict, hardware.failure),
                }
            except HlsgenError as error:
                sides = {"C++": f"seed {item.seed}: {error}"}
            texts = [f"{side}, {text}" for side, text in sides.items() if text is not None]
            if texts:
                found[item.seed] = "; ".join(texts)
    return found
