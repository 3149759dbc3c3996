"""One story a file: a message is accepted, a case followed, a plan updated, a delivery made."""
