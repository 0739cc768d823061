# SPDX-License-Identifier: Apache-2.0
"""Rendering of templates: the only place that knows jinja2.

A template receives one object, `ctx`, and only wires. Delimiters are `@{ }` and line statements
`//%` (`#%` in Tcl and constraint files), which mean nothing in SystemVerilog, C++ and Tcl.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from hlsgen.errors import HlsgenError
from hlsgen.resources import resource

_HASH_COMMENTS = (".tcl.j2", ".xdc.j2", ".mk.j2", ".py.j2", ".yaml.j2")


class TemplateError(HlsgenError):
    """A template asks for something that its context does not have."""


@cache
def _environment(line_prefix: str, comment_prefix: str) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([resource("templates"), resource("sim")]),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        variable_start_string="@{",
        variable_end_string="}",
        block_start_string="@%",
        block_end_string="%@",
        comment_start_string="@#",
        comment_end_string="#@",
        line_statement_prefix=line_prefix,
        line_comment_prefix=comment_prefix,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, ctx: Any) -> str:
    """Return the text of a template (below templates/ or sim/) such as `rtl/top.sv.j2`."""
    tcl = template.endswith(_HASH_COMMENTS)
    environment = _environment("#%", "##") if tcl else _environment("//%", "//#")
    try:
        return environment.get_template(template).render(ctx=ctx)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"Template {template} must be well formed, not broken in line {error.lineno}: "
            f"{error.message}"
        ) from error
    except (jinja2.UndefinedError, TypeError) as error:
        # range(undefined) is a TypeError even under StrictUndefined
        raise TemplateError(
            f"Template {template} must use only what its context holds ({_line(error)}): {error}"
        ) from error
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"Template {template} must exist, not be missing ({error})") from error


def _line(error: BaseException) -> str:
    """Line of the template in which an error arose (jinja2 rewrites tracebacks)."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}" if line else "line unknown"
