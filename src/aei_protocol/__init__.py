"""The words that the marketplace, the sandbox and the authors' kit share.

Values only, standard library only: anything here may be imported anywhere.
"""
