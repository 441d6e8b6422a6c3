"""What the operator sees: logs, counters, alarms. Ids, codes and counts; never a value."""
