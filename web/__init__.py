"""The console: reads the index, shows evidence; owns no rules."""
