"""Settings for the whole suite: property tests have no deadline, and repeat exactly on the build server."""

import os

from hypothesis import settings

settings.register_profile("local", deadline=None)
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "local")
