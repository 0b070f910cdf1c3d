"""The CloudFormation template, its deployment, and the local stack."""
