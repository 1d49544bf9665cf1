"""How Weibo is walked, besides where the spider begins: editions, identities, windows of a search, comments."""
