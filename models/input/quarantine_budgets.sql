{{ quarantined_rows('budgets') }}
