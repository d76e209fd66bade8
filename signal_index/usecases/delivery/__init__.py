"""Taking in a delivery: `unseal` verifies and opens it, `apply` stores and acknowledges it."""
