"""What a person reads of a run: summary and report."""
