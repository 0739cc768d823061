# SPDX-License-Identifier: Apache-2.0
"""Everything that starts an outside tool: C simulation, Verilator, Yosys."""
