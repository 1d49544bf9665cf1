"""`python -m app` is `tingfeng`: how the supervisor starts its children."""

from app.cli import main

main()
