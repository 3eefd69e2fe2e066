"""`./market bench`: the project's figures, measured on this machine, in a form that can be followed."""
