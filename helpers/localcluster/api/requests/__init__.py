"""What clients ask for: reads, writes, deletions, discovery."""
