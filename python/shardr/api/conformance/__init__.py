"""Whether jobs here, and an image, keep the container contract: about forty clauses, each tried by a real job."""
