"""The meaning: domains, expressions, machines and systems as data, traces, results, the reference interpreter."""
