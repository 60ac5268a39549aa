{{ quarantined_rows('revenue_lines') }}
