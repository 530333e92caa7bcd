"""`python -m canvasgen` and the command `canvasgen`."""

from canvasgen.cli import main

if __name__ == "__main__":
    main()
