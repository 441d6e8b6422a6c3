"""Kluis: a vault for job-applicant data that keeps its own promises."""
