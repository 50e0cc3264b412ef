"""evenpair evens out the information in image-text datasets before contrastive training."""

__version__ = "0.1.0"
