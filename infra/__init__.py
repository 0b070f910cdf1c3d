"""The template around the functions, and the stack on a laptop."""
