"""A client of the EEmeter datastore.

from datastore_client import Client

with Client("https://example.com/live/api/v1/", token) as client:
    client.upload("bills.csv")
    batch = client.follow_batch(client.run([{"all": True}])["id"])
    savings = client.savings()
"""

from datastore_client._async.client import AsyncClient
from datastore_client._sync.client import Client
from datastore_client.errors import DatastoreError, Failed, NotAuthorized, Problem, Unreachable

__all__ = ["AsyncClient", "Client", "DatastoreError", "Failed", "NotAuthorized", "Problem", "Unreachable"]
