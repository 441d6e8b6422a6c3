"""The demo: a client that does over HTTP what the users do, and checks what came of it."""
