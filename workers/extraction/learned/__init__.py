"""A learned second look: what a fine-tuned encoder reads beside the rules."""
