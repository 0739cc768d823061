# SPDX-License-Identifier: Apache-2.0
"""From a Model and a Board to a Design: memory, schedule, program, and what they cost."""
