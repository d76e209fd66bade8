"""How a page becomes bytes: templates, words in two languages, addresses and static files; no request comes here."""
