"""What corresponds to what in two descriptions of one image, and how much an image holds."""
