{{ quarantined_rows('accountabilities') }}
