"""ServiceAccounts: the names under which pods would speak to the API."""

from helpers.localcluster.api.resource import Resource

SERVICE_ACCOUNTS = Resource(
    "", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",), told=True, subresources=("token",)
)
