"""The DynamoDB tables, one per resource, as infra/template/tables.yaml declares them."""
