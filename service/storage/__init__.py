"""The database: tables, and queries named after their question. Knows no key and opens nothing."""
