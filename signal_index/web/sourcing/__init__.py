"""The JSON interface of a source organisation and of whoever decides on its keys; the same use cases as the pages."""
