"""Settings: every one a KLUIS_* variable, checked at start."""
