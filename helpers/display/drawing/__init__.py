"""The graph: `scene` asks what is to be seen, `layout` and `routes` say where, `painting` draws, `picture` shows."""
