# SPDX-License-Identifier: Apache-2.0
"""Importers: source formats to the Model."""
