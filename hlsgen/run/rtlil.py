# SPDX-License-Identifier: Apache-2.0
"""RTLIL of an elaborated design, module by module, under names that follow from the content.

read_slang names the module of an instance `<module>$<path of the instance>` and numbers its cells
throughout the design. Here a module is named by a hash of its text and of everything below it,
so that equal modules are one, in a design and between designs, and Yosys' answer can be kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hlsgen.run.elaborate import Hierarchy

_CELL = re.compile(r"^(\s+cell )\\(\S+?)\$(\S+) (\\\S+)$")
_INSTANCE = re.compile(r"^\s+cell \\(\S+\$[0-9a-f]{16}) \\(\S+)$")
_MODULE = re.compile(r"^module \\(\S+?)(?:\$(\S+))?$")
_MEMORY = re.compile(r"^  memory (?:width (\d+) )?(?:size (\d+) )?")
_NUMBER = re.compile(r"\$(\d+)")
_SILENT = ("attribute \\src ", "attribute \\top ")  # where it stands says nothing of what it is
_PORT = re.compile(r"^  wire .*(input|output|inout) \d+ ")
_HEADER = "autoidx 1000000\n"  # above the numbers of every module


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module in RTLIL with its content name and the modules of its instances."""

    name: str
    stem: str
    lines: tuple[str, ...]

    @property
    def below(self) -> dict[str, str]:
        """Instances of modules of the design: name of the instance -> module."""
        found = filter(None, map(_INSTANCE.match, self.lines))
        return {instance[2]: instance[1] for instance in found}

    def memory_bits(self) -> int:
        """Bits of the largest memory."""
        found = filter(None, map(_MEMORY.match, self.lines))
        return max((int(memory[1] or 1) * int(memory[2] or 1) for memory in found), default=0)

    def stub(self) -> Iterator[str]:
        """Yield the lines of a black box with the same ports."""
        yield "attribute \\blackbox 1\n"
        yield "attribute \\keep 1\n"
        yield f"module \\{self.name}\n"
        yield from filter(_PORT.match, self.lines)
        yield "end\n"


def read_modules(lines: Iterable[str], hierarchy: Hierarchy) -> dict[str, Module]:
    """Return the distinct modules of a design by content name; the top keeps its own name."""
    first = hierarchy.distinct
    texts = dict(_texts(lines, hierarchy, first))
    modules: dict[str, Module] = {}
    names: dict[str, str] = {}  # by distinct module

    def enter(distinct: str) -> str:
        if distinct not in names:
            path = first[distinct]
            stem, body = texts[path]
            mark = next(index for index, line in enumerate(body) if _MODULE.match(line))
            del body[mark]
            lines = tuple(_canonical(body, hierarchy.modules, enter))
            digest = hashlib.sha256("".join((stem, *lines)).encode()).hexdigest()[:16]
            name = stem if path == hierarchy.top else f"{stem}${digest}"
            whole = (*lines[:mark], f"module \\{name}\n", *lines[mark:])
            names[distinct] = name
            modules[name] = Module(name=name, stem=stem, lines=whole)
        return names[distinct]

    enter(hierarchy.modules[hierarchy.top])
    return modules


def closure(
    modules: Mapping[str, Module], name: str, without: Collection[str] = ()
) -> list[Module]:
    """Return a module and everything below it but `without`, ordered by name."""
    found: set[str] = set()
    pending = [name]
    while pending:
        one = pending.pop()
        if one not in found and one not in without:
            found.add(one)
            pending += modules[one].below.values()
    return [modules[one] for one in sorted(found)]


def text(parts: Sequence[Module], stubs: Sequence[Module] = ()) -> str:
    """RTLIL of modules, `stubs` as black boxes."""
    lines = [line for part in parts for line in part.lines]
    return "".join([_HEADER, *lines, *(line for stub in stubs for line in stub.stub())])


def _texts(
    lines: Iterable[str], hierarchy: Hierarchy, first: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Yield path, stem and lines of the first instance of each distinct module."""
    kept = {*first.values(), hierarchy.top}
    path, stem = "", ""
    body: list[str] = []  # attributes in front of a module belong to it
    for line in lines:
        module = _MODULE.match(line)
        if module:
            stem, path = module[1], module[2] or hierarchy.top
        elif line == "end\n":
            if path in kept:
                yield path, (stem, [*body, line])
            body = []
            continue
        if not line.lstrip().startswith(_SILENT):
            body.append(line)


def _canonical(
    lines: Iterable[str], modules: Mapping[str, str], enter: Callable[[str], str]
) -> Iterator[str]:
    """Yield lines with cells numbered from 0 and instances renamed by `enter`."""
    numbers: dict[str, str] = {}

    def renumbered(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"${len(numbers)}")

    for line in lines:
        cell = _CELL.match(line)
        if cell and cell[3] in modules:
            yield f"{cell[1]}\\{enter(modules[cell[3]])} {cell[4]}\n"
        else:
            yield _NUMBER.sub(renumbered, line)
