{{ quarantined_rows('deliveries') }}
