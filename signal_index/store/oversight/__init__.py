"""Tables and names of oversight, and the log in its own order; see `signal_index.ports.oversight`."""
