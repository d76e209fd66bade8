"""Members of staff on pages: accounts, roles, proposals, teams and lists of the employer."""
