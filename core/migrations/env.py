"""Alembic's entry: `core.database` hands over the connection; there is no other way to run a migration."""

from __future__ import annotations

from alembic import context

from core.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
