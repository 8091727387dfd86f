"""`python -m quiesce`: the `model-check` command."""

from quiesce.cli import main

main()
