"""From texts to records: YAML with places, validation, objects, and what could not be read."""
