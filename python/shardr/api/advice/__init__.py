"""What a spec would cost, said before anything is spent."""
