"""Deploying a stage to AWS: its stack, the stack that all stages share, and the image registry."""
