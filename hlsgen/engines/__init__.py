# SPDX-License-Identifier: Apache-2.0
"""Engines: how layers become the bytes that the hardware reads."""
