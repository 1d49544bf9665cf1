"""What `tingfeng new-source` writes: a working parser, its saved pages, a row of the catalogue."""
