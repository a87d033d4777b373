"""The whole system while its processes and servers are killed: `make chaos`."""
