{{ quarantined_rows('employees') }}
