"""What the tests stand on: throw-away databases."""
