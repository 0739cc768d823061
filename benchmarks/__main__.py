# SPDX-License-Identifier: Apache-2.0
"""Every figure that is asked of the project: published, asked, reached, and how to see it.

    make bench                       # or: python -m benchmarks [--only NAME ...] [--full]

Projects lie in build/bench afterwards. The simulations are compiled afresh (HLSGEN_CACHE is set to
a folder of the run), because their compile time is one of the figures. Exit code 1 if a figure
is missed or a benchmark fails; the others run nevertheless.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time

from rich.console import Console
from rich.table import Table

from benchmarks import (
    layer64,
    pieces,
    proposals,
    random_networks,
    resnet8,
    resnet18,
    resources,
    simulator,
    waves,
)
from benchmarks.rows import OUT, Benchmark, Row
from hlsgen.errors import HlsgenError

BENCHMARKS = (
    Benchmark(name="build", run=resnet8.build),
    Benchmark(name="golden", run=resnet8.golden_seconds),
    Benchmark(name="accuracy", run=resnet8.accuracies),
    Benchmark(name="csim", run=resnet8.csim),
    Benchmark(name="cycles", run=resnet8.cycles),
    Benchmark(name="wide_codes", run=resnet8.wide_codes),
    Benchmark(name="simulation", run=resnet8.simulation),
    Benchmark(name="waves", run=waves.waves),
    Benchmark(name="slow_memory", run=resnet8.slow_memory),
    Benchmark(name="layer64", run=layer64.layer),
    Benchmark(name="resnet18", run=resnet18.networks),
    Benchmark(name="simulator", run=simulator.shares),
    Benchmark(name="pieces", run=pieces.pieces),
    Benchmark(name="proposals", run=proposals.proposals),
    Benchmark(name="pot4", run=resources.pot4),
    Benchmark(name="fixed4", run=resources.fixed4),
    Benchmark(name="mixed_cost", run=lambda: list(resources.mixed_cost())),
    Benchmark(name="synth", run=resnet8.synth),
    Benchmark(name="proposal_synth", run=proposals.synth),
    Benchmark(name="random", run=random_networks.fixed_designs),
    Benchmark(name="drawn", run=random_networks.drawn_designs),
    Benchmark(name="installation", run=resources.installation, quick=False),
)
_GOOD = {True: "[green]yes[/green]", False: "[red]NO[/red]", None: "-"}


def main() -> int:
    """Run the chosen benchmarks and print one table."""
    args = arguments()
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    OUT.mkdir(parents=True, exist_ok=True)
    if not args.keep_cache:
        shutil.rmtree(OUT / "cache", ignore_errors=True)
        os.environ["HLSGEN_CACHE"] = str(OUT / "cache")
    chosen = [one for one in BENCHMARKS if _chosen(one, args.only, args.full)]
    rows = [row for one in chosen for row in measured(one, console)]
    console.print(table(rows))
    return 0 if all(row.good is not False for row in rows) else 1


def arguments() -> argparse.Namespace:
    """Command line of the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME",
                        help=f"one of {', '.join(names)}; may be repeated")  # fmt: skip
    parser.add_argument("--full", action="store_true", help="the installation too (needs PyPI)")
    parser.add_argument("--keep-cache", action="store_true", help="use what is compiled already")
    return parser.parse_args()


def measured(benchmark: Benchmark, console: Console) -> list[Row]:
    """Rows of a benchmark; a failure is a row as well."""
    start = time.perf_counter()
    command = f"make bench (--only {benchmark.name})"
    try:
        rows = benchmark.run()
    except (HlsgenError, ModuleNotFoundError) as error:
        rows = [Row(what=benchmark.name, asked="", reached=str(error), command=command, good=False)]
    except Exception as error:
        console.print_exception()
        text = f"{type(error).__name__}: {error}"
        rows = [Row(what=benchmark.name, asked="", reached=text, command=command, good=False)]
    console.print(f"{benchmark.name}: {time.perf_counter() - start:.1f} s")
    return rows


def table(rows: list[Row]) -> Table:
    """Published, asked, reached, command."""
    found = Table(title="hlsgen: figures", box=None, pad_edge=False, title_justify="left")
    for name in ("figure", "published", "asked", "reached", "good", "command"):
        found.add_column(name, overflow="fold")
    for row in rows:
        good = _GOOD[row.good]
        found.add_row(row.what, row.published, row.asked, row.reached, good, row.command)
    return found


def _chosen(benchmark: Benchmark, only: list[str] | None, full: bool) -> bool:
    return benchmark.name in only if only else benchmark.quick or full


if __name__ == "__main__":
    sys.exit(main())
