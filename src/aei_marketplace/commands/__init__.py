"""What operators do from a shell, one module for each group of commands; `manage` puts them together."""
