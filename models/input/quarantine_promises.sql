{{ quarantined_rows('promises') }}
