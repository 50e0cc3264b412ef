"""Facts -> bits: counting, statistics, the full level, imbalance."""
