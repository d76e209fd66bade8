"""Run the migrations on the connection that `signal_index.store.provision` hands over, in its transaction."""

from alembic import context

from signal_index.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
