"""A class: the board for the projector, seats on one server, certificates. Over `lab`, which knows nothing of it."""
