"""ServiceAccounts: the names under which pods would speak to the API."""

from ..resource import Resource

SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",), told=True)
