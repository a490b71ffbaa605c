"""PostgreSQL: engine, sessions, model base, migrations, the embedded server."""
