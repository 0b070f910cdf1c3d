"""The jobs of the Lambda functions behind the API: read from the store, compute, write the results back."""
