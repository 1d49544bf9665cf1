"""What can be proved later: the vault, captures, the ledger."""
