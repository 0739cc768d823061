# SPDX-License-Identifier: Apache-2.0
"""Recall of region proposals on annotated photographs: table and plot."""
