"""A failure reason has 1,024 characters at most, however much the program says."""

raise ValueError("this went wrong, and that. " * 200)
