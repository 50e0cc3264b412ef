"""Files of embeddings -> embeddings, checked, of which only what is looked at is in memory."""
