"""``python -m app`` is ``trunkline``."""

from app.cli import main

main()
