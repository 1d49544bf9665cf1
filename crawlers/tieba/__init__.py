"""How a bar of Tieba is walked, besides where the spider begins: threads, memory, the app's codec."""
