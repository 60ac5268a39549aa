{{ quarantined_rows('activities') }}
