"""The command line.

Nothing is imported here but what sees to Ctrl-C and to the first line on a terminal; the commands come with
`canvasgen.cli.app`.
"""

from canvasgen.cli.entry import main

__all__ = ["main"]
