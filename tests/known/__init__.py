"""Models with published answers, written in our language."""
