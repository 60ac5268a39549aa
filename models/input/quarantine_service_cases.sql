{{ quarantined_rows('service_cases') }}
