{{ quarantined_rows('stated_reasons') }}
