"""What single pages are made of: excerpts, citations, charts, and the queries that only pages ask."""
