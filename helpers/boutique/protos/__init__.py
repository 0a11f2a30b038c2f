"""Generated messages of the shop; see README.md beside this file."""
