{{ quarantined_rows('wallets') }}
