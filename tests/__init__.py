"""Tests of quiesce."""
