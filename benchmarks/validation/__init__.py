"""Can the savings be defended? Writes docs/validation.md."""
