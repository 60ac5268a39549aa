{{ quarantined_rows('receivables') }}
