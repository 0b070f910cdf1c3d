"""Pure: the bytes of a file to rows and rejected rows. Imports polars, so jobs import it inside functions."""
