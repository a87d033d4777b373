"""`treatyline evaluate`: readings against coded articles, by the rules of the codebook (section 5)."""
