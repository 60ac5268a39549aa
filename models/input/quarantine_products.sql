{{ quarantined_rows('products') }}
