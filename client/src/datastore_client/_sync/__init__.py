"""The synchronous client: made from `_async` by client/make_sync.py."""
