from support.controllers import world  # noqa: F401
