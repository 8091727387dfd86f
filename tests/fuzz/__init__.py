"""Random inputs of every kind that comes from outside: each ends in an answer or in a message with its line."""
