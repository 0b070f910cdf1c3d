"""The asynchronous client, from which `client/make_sync.py` makes the synchronous one."""
