// SPDX-License-Identifier: Apache-2.0
// What every C simulation includes from outside: precompiled once for all of them.
#include <ap_int.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
