"""What the read API answers, for its OpenAPI document; the routes write these shapes directly."""
