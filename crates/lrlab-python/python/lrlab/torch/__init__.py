"""lrlab in a PyTorch user's own training loop."""
