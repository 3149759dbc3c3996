"""The HTTP door: bytes in, a flow, bytes out. It knows addresses, tokens and status codes, and no case."""
