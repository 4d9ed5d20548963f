"""The database: models that read like the schema, and one module of queries for each noun."""
