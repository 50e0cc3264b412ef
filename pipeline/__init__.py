"""In which order it happens: the four phases, their options, the report."""
