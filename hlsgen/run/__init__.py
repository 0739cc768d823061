# SPDX-License-Identifier: Apache-2.0
"""Everything that starts an outside tool: C simulation, Verilator, Yosys."""

from hlsgen.run.csim import csim
from hlsgen.run.sim import sim
from hlsgen.run.synth import synth

__all__ = ["csim", "sim", "synth"]
