"""The walls around native code that an execution never goes without, unless in development mode."""

#: Without these, a guest that broke out could reach files, the network or other processes.
REQUIRED_WALLS = ("clean_env", "no_writable_code", "closed_fds", "landlock", "rlimits", "seccomp")
