"""Reports about plugins: what is malicious or broken, who said so, and what came of it."""
