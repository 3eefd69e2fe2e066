"""A plugin's test cases: its examples and the files of `tests/`, with recorded answers of their hosts."""
