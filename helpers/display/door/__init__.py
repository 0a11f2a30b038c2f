"""`/shop/` of Jupyter: a process beside the Jupyter server that leads a browser to the shop of the chosen cluster.

The address stays the same whatever becomes of the shop: where there is none yet, a page of its own waits for it.
"""
