"""The messages between municipalities and providers of Wmo support and youth help, bare or in a GGK envelope."""
