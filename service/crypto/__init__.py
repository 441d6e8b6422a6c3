"""Sealing: keys, fields, documents, look-up indexes. Knows no database and no rule of retention."""
