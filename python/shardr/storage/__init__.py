"""List, open and put files by URI."""
