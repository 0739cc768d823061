# SPDX-License-Identifier: Apache-2.0
"""Names: what may stand in a Model, and how a source's names become such names.

Names from a model file reach generated code only as comments or table keys; even so they are held
to one alphabet, so that nothing behind the Model has to quote them.
"""

from __future__ import annotations

import re

NAME_RULE = "1 to 200 of the characters A-Z a-z 0-9 _ . : / -, starting with a letter, digit or _"
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,199}")
_FOREIGN = re.compile(r"[^A-Za-z0-9_.:/-]+")
_MAX_STEM = 160


def is_safe(name: str) -> bool:
    """Return whether `name` keeps `NAME_RULE` and holds no `..` step."""
    return _SAFE.fullmatch(name) is not None and ".." not in name


def safe_name(raw: str, index: int) -> str:
    """Return `raw` if it is safe; otherwise its safe part with `index` appended.

    TFLite joins the names of fused operators with semicolons: the first one is kept. Different
    indices keep different names apart as long as no raw name ends in an index itself; `Namer`
    settles that case too.
    """
    if is_safe(raw):
        return raw
    first = next((part for part in raw.split(";") if part), "")
    stem = _FOREIGN.sub("_", first).replace("..", "_").lstrip(".:/-")[:_MAX_STEM]
    return f"{stem or 'node'}_{index}"


class Namer:
    """Hands out safe names, each only once, deterministically."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, raw: str, index: int) -> str:
        """Return a safe name for `raw`, distinct from all handed out before."""
        candidate = safe_name(raw, index)
        stem, count = candidate[:_MAX_STEM], 1
        while candidate in self._taken:
            candidate = f"{stem}_{index}_{count}"
            count += 1
        self._taken.add(candidate)
        return candidate
