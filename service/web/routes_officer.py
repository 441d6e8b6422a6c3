"""The routes of the privacy officer's papers: person searches, ending consents, breaches."""
