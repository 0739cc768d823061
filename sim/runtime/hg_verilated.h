// SPDX-License-Identifier: Apache-2.0
// What every compiled bench includes: precompiled once for all of them.
#include "verilated.h"
#include "verilated_dpi.h"
#include "verilated_timing.h"
#include "verilated_vpi.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif
