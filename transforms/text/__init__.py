"""The text of a caption: cleaning, language, spelling, sentences."""
