"""The data of both modeling periods: from the input to the rows that a model is fitted to, with their quality."""
