"""What finds answers."""
