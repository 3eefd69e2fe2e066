"""What a scan looks at: each module here that exports `CHECK` is one check.

`report` holds the values that a scan gives, `subject` what a check may look at, `check` how checks are
found and run. To add a check, add a file; nothing else names it.
"""
