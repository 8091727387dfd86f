"""A second oracle: the meaning of a system written anew from docs/reference.md, with nothing of the package in it.

Plain data goes in (`data`), plain data comes out. The engines, the reference interpreter and this package were written
by different readings of one text, so that what they agree on is what the text says.
"""
