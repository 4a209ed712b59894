"""Proof that two implementations agree: levels of equality, test cases, comparison."""
