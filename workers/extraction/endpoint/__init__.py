"""A second reader, off by default: an OpenAI-compatible endpoint is asked for records in the same schema.

Why and how far it is trusted: docs/decisions/0005-second-reader.md.
"""
