"""The operators' command line: workspaces and keys of a deployed stack, local or on AWS."""
