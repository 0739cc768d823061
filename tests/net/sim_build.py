# SPDX-License-Identifier: Apache-2.0
"""Projects for simulation without going through a folder for every model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.emit.hls import write_hls
from hlsgen.emit.project import write_rtl, write_sim
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.tensors import pack_tensor
from hlsgen.model.graph import Model
from hlsgen.run.compare import Verdict
from hlsgen.run.project import Project
from hlsgen.run.system import Job, Memory, Session, bench_of, run_system
from tests.net.csim_build import project_from, project_of
from tests.random_networks import Network


def sim_project(model: Model, spec: MixedSpec, folder: Path) -> Project:
    """A model on a design with hardware and bench on disk."""
    write_rtl(spec, folder / "rtl")
    write_sim(spec, folder / "sim")
    return project_of(model, spec, folder)


def projects_of(networks: Iterable[Network], spec: MixedSpec, folder: Path) -> list[Project]:
    """Packed networks that share one folder with the design's C++, hardware and bench."""
    write_hls(spec, folder / "hls")
    write_rtl(spec, folder / "rtl")
    write_sim(spec, folder / "sim")
    return [project_from(item.model, spec, item.image, folder) for item in networks]


def wrong(network: Network, verdict: Verdict, failure: str | None) -> str | None:
    """What speaks against a run, with the seed that repeats it; None when all of it is proven.

    Only that an expected tensor is degenerate is let pass: equality may then prove too little.
    """
    if failure is None and verdict.first is None and not verdict.missing and not verdict.different:
        tensors = len(network.codes) * len(network.model.layers)
        if verdict.tensors_compared == tensors and (verdict.equal or verdict.degenerate):
            return None
        failure = f"{verdict.tensors_compared} of {tensors} tensors compared"
    return f"seed {network.seed}: {failure or verdict.first or verdict.missing}"


def job_of(project: Project, codes: NDArray[np.int64], **fields: Any) -> Job:
    """What a driver would ask for, with fields changed at will."""
    tensor = project.model.tensors[project.model.input]
    packed = [pack_tensor(tensor, frame, project.spec.act_bits) for frame in codes]
    plain: dict[str, Any] = {
        "program": project.program,
        "weights": project.weights,
        "input": b"".join(frame.ljust(project.input_bytes, b"\0") for frame in packed),
        "output_bytes": project.output_bytes * len(codes),
        "scratch_bytes": project.scratch_bytes,
        "report_bytes": project.report_bytes(len(codes)),
        "frames": len(codes) // project.images,
        "in_stride": project.input_bytes * project.images,
        "out_stride": project.output_bytes * project.images,
        "memory": Memory(bytes_per_cycle=project.ddr_bytes_per_cycle),
    }
    return Job(**{**plain, **fields})


def run_jobs(project: Project, jobs: Sequence[Job], folder: Path, **options: int) -> Session:
    """Run jobs on the project's hardware, one after the other and without a reset."""
    sources = [
        path
        for part in ("rtl", "sim")
        for path in sorted((project.folder / part).iterdir())
        if path.suffix in (".sv", ".cpp")
    ]
    bench = bench_of(sources, project.spec.weight_ports_n + 1)
    search = (project.folder / "sim").resolve()
    return run_system(bench, jobs, search=search, folder=folder, **options)
