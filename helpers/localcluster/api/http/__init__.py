"""A small HTTP/1.1 and WebSocket server: what the API needs and nothing else.

It is written for a node that must answer 0.2 s after its start, push one event
to a hundred watchers within milliseconds, and survive hostile clients: parsing
is httptools' (llhttp), limits and deadlines are checked before a body is read.
"""
