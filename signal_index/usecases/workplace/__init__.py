"""What a member of staff does at the index around the look itself: sign in, arrive, open, cover, doubt, be told."""
