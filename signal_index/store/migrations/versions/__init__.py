"""Steps of the schema, oldest first; a step that has been released is never edited."""
