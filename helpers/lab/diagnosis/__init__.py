"""The doctor: what is in place on this machine, and what to mend."""
