"""The console script `ip-adapter`, also as `python -m adapter`."""

from adapter.cli.commands import main

if __name__ == "__main__":
    main()
