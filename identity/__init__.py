"""Who is the customer: keys of many systems, resolved to parties with Splink on DuckDB."""
