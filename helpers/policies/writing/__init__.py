"""Policies written by machine: suggestions, with their proof."""
