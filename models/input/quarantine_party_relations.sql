{{ quarantined_rows('party_relations') }}
