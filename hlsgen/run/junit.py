# SPDX-License-Identifier: Apache-2.0
"""JUnit files for continuous integration."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hlsgen.files import write_text

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One checked item; `failure` says what was wrong."""

    name: str
    failure: str | None = None
    seconds: float = 0.0


def write_junit(path: Path, suite: str, cases: Sequence[Case]) -> None:
    """Write one test suite."""
    failures = sum(case.failure is not None for case in cases)
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(
        root, "testsuite", name=suite, tests=str(len(cases)), failures=str(failures), errors="0"
    )
    for case in cases:
        item = ElementTree.SubElement(
            element, "testcase", classname=suite, name=case.name, time=f"{case.seconds:.3f}"
        )
        if case.failure is not None:
            text = _NOT_XML.sub("?", case.failure)
            failure = ElementTree.SubElement(item, "failure", message=text.splitlines()[0])
            failure.text = text
    ElementTree.indent(root)
    write_text(path, ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n")
