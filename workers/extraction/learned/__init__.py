"""A learned second look: what a small linear model reads where the rules are silent."""
