"""The signal index: tells an authorised worker that help is running, never what it is about."""
