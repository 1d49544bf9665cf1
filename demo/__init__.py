"""Bundled look-alike sites and the drill: a rehearsal without keys and without internet."""
