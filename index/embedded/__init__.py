"""The embedded search index: SQLite's FTS5 for what stands in texts, columns in memory for everything else.

Each mention has a row, numbered as they come. FTS5 answers one question only: which rows contain these characters.
Fields, ranges, time, order, totals and facets are decided on columns of numbers, one place a row, which every process
keeps in memory and brings up to date from the file when it changed. So a total over a million mentions is a sum over a
million bytes, and no question needs a join. `docs/decisions/0015-embedded-index.md` tells what was measured.
"""
