"""What the owners of the rules keep beside them: examples, promises and readable texts. None of it decides anything."""
