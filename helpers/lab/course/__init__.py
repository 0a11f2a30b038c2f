"""What the notebooks do besides: starting points, checks, advice, the kubectl magic."""
