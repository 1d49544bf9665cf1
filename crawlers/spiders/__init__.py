"""Where to go next, nothing else: one file per kind of source, and what several kinds share."""
