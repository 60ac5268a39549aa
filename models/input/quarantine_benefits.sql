{{ quarantined_rows('benefits') }}
