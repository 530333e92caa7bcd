"""`python -m canvasgen` is the command line."""

from canvasgen.cli import main

if __name__ == "__main__":
    main()
