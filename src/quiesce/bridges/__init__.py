"""The outside world: what quiesce exchanges with other libraries and with running code."""
