"""Where objects are kept, and how changes are followed."""
