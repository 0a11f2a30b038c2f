"""The commands of `python -m helpers`, one module a subject; each is imported only when it is called."""
