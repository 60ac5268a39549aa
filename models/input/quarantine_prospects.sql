{{ quarantined_rows('prospects') }}
