"""The stages of the pipelines, a folder for each kind of work."""
