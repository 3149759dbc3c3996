"""The whole story with real processes: issuer, adapter, a pretend hospital and a pretend municipality."""
