"""Tables and names of oversight; see `signal_index.ports.oversight`."""
