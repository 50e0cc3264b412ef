"""The four phases: for each, its step and its wiring."""
