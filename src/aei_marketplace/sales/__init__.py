"""Share agreements, and what each sale, refund and dispute moves between creator and marketplace."""
