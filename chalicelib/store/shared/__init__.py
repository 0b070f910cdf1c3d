"""How all of the store reads and writes: ids, pages, bulk writes, transactions, documents."""
