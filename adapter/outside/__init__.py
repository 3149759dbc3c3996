"""What implements the ports: the database, partners' addresses and the ways out."""
