"""What people know from elsewhere, typed from the first command to the last on the lab's cluster.

The steps are those of well-known tutorials, in our own words and manifests; each test checks what their readers see.
"""
