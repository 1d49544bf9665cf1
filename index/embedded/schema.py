"""The tables of the embedded index's file."""

from __future__ import annotations

#: `row` counts up from 0 and is never given twice, so that what a process remembers of a row stays true.
#: The FTS5 tables keep no copy of the text: what must be told when a row is forgotten is made again from the body, and
#: `tokens` (a checksum) tells whether it is made as it was. `words` only orders hits, so it needs no positions.
#: `gone` remembers for some days as of when a mention was removed: an older reading must not bring it back.
SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE mentions (
    row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, read INTEGER NOT NULL, collected INTEGER NOT NULL,
    body INTEGER NOT NULL, tokens INTEGER NOT NULL
);
CREATE TABLE bodies (row INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE gone (id BLOB PRIMARY KEY, read INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE terms (
    code INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL, UNIQUE (kind, value)
);
CREATE INDEX terms_folded ON terms (kind, folded);
CREATE TABLE packs (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, cells BLOB NOT NULL, labels BLOB NOT NULL);
CREATE VIRTUAL TABLE chars USING fts5(text, content = '', columnsize = 0, tokenize = 'ascii');
CREATE VIRTUAL TABLE words USING fts5(text, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
INSERT INTO facts VALUES ('epoch', abs(random()) >> 1), ('next_row', 0), ('count', 0), ('stale', 0);
"""
#: Raised with every change of the schema or of what is written into it; a file of another format is emptied.
FORMAT = 3
