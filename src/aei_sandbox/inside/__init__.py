"""What runs behind the walls: the zygote, its workers and the compiling child.

Nothing in here decides what a guest may do; that is the broker's work, outside.
"""
