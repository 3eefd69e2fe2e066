"""The host of strangers' code: an own process that compiles, runs, limits and watches guests.

`README.md` beside this file tells how its socket is spoken to and what to keep in mind.
"""
