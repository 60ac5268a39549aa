{{ quarantined_rows('entitlements') }}
