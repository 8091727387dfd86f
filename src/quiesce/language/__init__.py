"""What authors write: machines, systems, terms and properties; and how they become closed data."""
