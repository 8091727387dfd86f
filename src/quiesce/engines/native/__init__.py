"""The native engine: a system compiled to machine code, and all its reachable states in packed words."""
