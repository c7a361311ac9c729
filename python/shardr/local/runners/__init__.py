"""How an instance is started on this machine."""
