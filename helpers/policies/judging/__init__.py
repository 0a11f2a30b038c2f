"""One connection: the verdict, which rule decided, how near the others came."""
