"""From a mention to a person who knows."""
