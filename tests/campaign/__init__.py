"""The campaign: kills and races against real processes, with what is checked after each."""
