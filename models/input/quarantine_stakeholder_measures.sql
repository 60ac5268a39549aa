{{ quarantined_rows('stakeholder_measures') }}
