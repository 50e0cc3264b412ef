"""Flink clusters."""
