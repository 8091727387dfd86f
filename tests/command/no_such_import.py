"""A specification that does not import."""

import nothing_of_this_name  # noqa: F401
