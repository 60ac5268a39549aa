{{ quarantined_rows('capacity') }}
