"""What stands beside the audit log and is written with it."""
