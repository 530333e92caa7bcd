"""The command line: `canvasgen generate` and `canvasgen check`.

Heavy imports happen inside the commands, so that `canvasgen --help` answers at once.
"""

from canvasgen.cli.app import main

__all__ = ["main"]
