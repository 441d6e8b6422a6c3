"""Rules only: standard library, no I/O, no clock. Everything here is decided, nothing is done."""
