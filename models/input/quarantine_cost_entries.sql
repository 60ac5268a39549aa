{{ quarantined_rows('cost_entries') }}
