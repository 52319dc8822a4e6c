"""SQL: engine, tables, migrations, and the rows that several stores share."""
