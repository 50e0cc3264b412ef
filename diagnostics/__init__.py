"""What it did to a model: modality gap, object bias, entropy."""
