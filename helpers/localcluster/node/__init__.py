"""The node as a whole: its home, its process, start and stop, certificates, status."""
