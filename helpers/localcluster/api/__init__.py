"""The cluster's REST API: what `kubectl` and the Python client talk to.

`store` keeps the objects, `resources` says which kinds exist, `app` serves them.
"""
