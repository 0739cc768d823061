# SPDX-License-Identifier: Apache-2.0
"""Reading gprof's flat profile of a simulator."""

from __future__ import annotations

import pytest

from hlsgen.run.samples import Samples, parse

pytestmark = pytest.mark.unit

PROFILE = """Flat profile:

Each sample counts as 0.01 seconds.
  %   cumulative   self              self     total
 time   seconds   seconds    calls  Ts/call  Ts/call  name
 28.57      0.16     0.16                             Vtop___024root___eval_nba__1(Vtop___024root*)
  5.36      0.19     0.03                             Vtop___024root___nba__TOP__3__PROF__hg_ddr__l79(Vtop*)
  3.57      0.21     0.02                             Vtop___024root___nba__TOP__7__PROF__hg_ddr__l106(Vtop*)
  1.79      0.22     0.01                             Vtop_hg_row_pot4__A8___nba__0__PROF__hg_row_pot4__l5(X*)
  1.79      0.23     0.01                             hg_memory_read
"""  # noqa: E501


def test_time_is_told_by_module_and_by_function() -> None:
    modules, functions = parse(PROFILE.splitlines())
    assert modules == pytest.approx({"hg_ddr": 0.05, "hg_row_pot4": 0.01})
    assert functions == {
        "Vtop___024root___eval_nba__1(Vtop___024root*)": 0.16,
        "hg_memory_read": 0.01,
    }
    samples = Samples(modules=modules, functions=functions, process=0.30)
    assert samples.inside == pytest.approx(0.23)
