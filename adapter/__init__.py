"""The adapter that connects Norwegian hospitals and municipalities around *individuell plan*."""
