{{ quarantined_rows('ledger_balances') }}
