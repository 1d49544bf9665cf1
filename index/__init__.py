"""The durable posts, and mention in, hits out."""
