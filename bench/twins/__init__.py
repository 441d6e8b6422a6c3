"""What Kluis is measured against: the same work in plaintext, without what Kluis exists for."""

THREADS = 4  # which served both twins the most requests on two cores, of 1, 2, 4, 8 and 16
