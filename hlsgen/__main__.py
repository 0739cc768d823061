# SPDX-License-Identifier: Apache-2.0
"""`python -m hlsgen`."""

from hlsgen.cli import main

main()
