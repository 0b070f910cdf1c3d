"""`python -m datastore_client` is the command `datastore`."""

from datastore_client.command_line import main

main()
