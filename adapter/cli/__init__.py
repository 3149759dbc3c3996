"""The command line: each command is one file, loaded when it is called."""
