"""People, their sessions, and the audit trail, in the database."""
