"""The Hipster Shop: eleven small services and a load generator, as the policies of the course know it.

`python -m helpers.boutique SERVICE` runs one of them; `main` and `preload` do the same inside a fork server.
Importing this package, or `helpers.boutique.images`, is cheap: gRPC and the web framework come with the first use.
"""

__all__ = ["main", "preload"]


def main(service: str) -> None:
    """Run `service` (such as "cartservice") with the settings of the environment, until SIGTERM.

    Raises SystemExit with a sentence for the log if the service or a setting is unknown or missing.
    "redis-cart" replaces this process by a valkey or redis server.
    """
    from helpers.boutique import process

    process.run(service)


def preload() -> None:
    """Import everything that a service can need, so that forks share it. Starts no thread and opens no socket."""
    from helpers.boutique import process

    process.preload()
