"""`python -m inscape` is the command line."""

from inscape.app.cli import main

main()
