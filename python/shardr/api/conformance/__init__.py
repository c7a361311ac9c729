"""Whether jobs here, and an image, keep the container contract: clause by clause, each tried for real."""
