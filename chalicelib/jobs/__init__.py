"""What the Lambdas behind the API do: fetch from the store, compute, put back."""
