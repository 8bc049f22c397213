"""`python -m tradepost` is the command `tradepost`."""

from tradepost.cli import main

main()
