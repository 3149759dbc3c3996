"""The rules of the field: what a need, a case, a consent and a delivery are. Standard library only."""
