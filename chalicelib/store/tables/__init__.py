"""The DynamoDB tables, as infra/template/tables.yaml declares them."""
