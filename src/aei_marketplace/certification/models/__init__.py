"""The tables of certification; migrations 0026 and 0027 create them."""
