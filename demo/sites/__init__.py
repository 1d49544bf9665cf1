"""The look-alike sites: four small Starlette applications over one world."""
