"""Facts that were written down -> arcs between the words of their captions."""
