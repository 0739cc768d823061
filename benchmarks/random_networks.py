# SPDX-License-Identifier: Apache-2.0
"""Random networks through the C++ and the hardware: on fixed designs, and on drawn ones."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.rows import Row
from hlsgen.engines.mixed import MixedSpec
from hlsgen.errors import HlsgenError
from hlsgen.run import csim, sim
from tests.designs import spec_of
from tests.models import random_codes, random_model
from tests.net.csim_build import project_of
from tests.net.sim_build import sim_project
from tests.net.test_csim_random import DESIGNS, options, usable

MODELS, DRAWN_DESIGNS, DRAWN_MODELS = 50, 2, 10
FRAMES = 2


def fixed_designs() -> list[Row]:
    """Fifty networks on each of the designs of the tests."""
    return [_row(name, spec, range(MODELS)) for name, spec in DESIGNS.items()]


def drawn_designs() -> list[Row]:
    """Networks on designs that nobody chose; HLSGEN_SEED repeats a run."""
    seed = int(os.environ.get("HLSGEN_SEED") or time.time()) % 1_000_000
    rows = []
    for number in range(seed, seed + DRAWN_DESIGNS):
        spec = drawn_spec(np.random.default_rng(number))
        first = number * DRAWN_MODELS
        rows.append(_row(f"drawn {number}", spec, range(first, first + DRAWN_MODELS)))
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


def _row(name: str, spec: MixedSpec, seeds: range) -> Row:
    wrong = [text for seed in seeds if (text := _difference(spec, seed)) is not None]
    reached = f"{len(seeds) - len(wrong)} of {len(seeds)}, seeds {seeds[0]}..{seeds[-1]}"
    return Row(
        what=f"Random networks on {name}: golden = C++ = hardware",
        asked=f"{len(seeds)} equal",
        reached="; ".join([reached, *wrong[:2]]),
        command=f"make bench (--only {'drawn' if name.startswith('drawn') else 'random'}); "
        f"rows {spec.pot4_n}:{spec.fixed4_n}:{spec.fixed8_n}, A{spec.act_bits}, N {spec.lanes_n}, "
        f"P {spec.pixels_n}",
        good=not wrong,
    )


def _difference(spec: MixedSpec, seed: int) -> str | None:
    """What differs for a seed, or None."""
    rng = np.random.default_rng(seed)
    model = random_model(rng, formats=usable(spec), layers=5, **options(spec, seed))
    codes = random_codes(model, rng, FRAMES)
    with tempfile.TemporaryDirectory(prefix="hlsgen-bench-") as name:
        folder = Path(name)
        for what, made, simulate in (
            ("C++", project_of, csim.simulate),
            ("hardware", sim_project, sim.simulate),
        ):
            (folder / what).mkdir()
            try:
                result = simulate(made(model, spec, folder / what), codes)
            except HlsgenError as error:
                return f"seed {seed}, {what}: {error}"
            verdict = result.verdict
            if result.failure or verdict.first is not None:
                return f"seed {seed}, {what}: {result.failure or verdict.first}"
            if verdict.tensors_compared != FRAMES * len(model.layers):
                return f"seed {seed}, {what}: {verdict.tensors_compared} tensors compared"
    return None
