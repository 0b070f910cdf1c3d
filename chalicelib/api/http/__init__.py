"""How every endpoint is declared, served, validated, paged and documented; it knows no resource."""
