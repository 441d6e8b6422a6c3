"""One verb, one permission, one transaction, one audit entry. Knows nothing of HTTP."""
