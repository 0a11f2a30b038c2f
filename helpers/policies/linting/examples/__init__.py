"""A wrong and a right example of each rule, as YAML: `# Given` is what both stand beside."""
