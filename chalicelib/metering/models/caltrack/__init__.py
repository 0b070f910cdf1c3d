"""CalTRACK 2.0's billing method (docs.caltrack.org, sections 2.2, 3.2 to 3.4): regression of bills on degree days."""
