"""Speed, side by side with other checkers: never part of the tests."""
