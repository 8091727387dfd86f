"""The version of the package; nothing else, so that whoever names it imports nothing more."""

__version__ = "0.1.0"
