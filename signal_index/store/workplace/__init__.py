"""Tables of the workplace: sign-ins, used tickets, views, covers, questions and preferences; see `..schema`."""
