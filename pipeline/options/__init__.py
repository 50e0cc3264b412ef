"""The options of every command, as frozen records."""
