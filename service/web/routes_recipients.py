"""The routes of recipients: who received what, and who must be told of a change."""
