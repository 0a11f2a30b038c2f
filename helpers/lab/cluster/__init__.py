"""A cluster: which one, how it is reached, what is there, what may connect."""
