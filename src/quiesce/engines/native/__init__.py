"""The native engine: a system compiled to machine code, and all its reachable states in packed words."""

from quiesce.engines.native.options import Limits, Progress, Strategy

__all__ = ["Limits", "Progress", "Strategy"]
