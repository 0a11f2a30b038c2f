"""Containers as processes: the fork server, its children, who ends them."""
