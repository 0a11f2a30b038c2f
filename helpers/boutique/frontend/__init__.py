"""The web shop: pages rendered from what the services answer."""
