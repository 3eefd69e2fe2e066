"""Operations: what takes a while, how far it is, and how it ended."""
