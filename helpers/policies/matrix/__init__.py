"""All connections: classes of pods, bit sets, tables."""
