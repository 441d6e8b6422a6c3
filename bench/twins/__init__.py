"""What Kluis is measured against: the same work in plaintext, without what Kluis exists for."""

THREADS = 4  # of Granian's own WSGI server
BODY_SECONDS = 60
