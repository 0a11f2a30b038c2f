"""Which class is which service, and what each needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from helpers.boutique import images, loadgenerator
from helpers.boutique import server as grpc_server
from helpers.boutique.dialer import Dialer
from helpers.boutique.frontend import serve as web_server
from helpers.boutique.server import Service
from helpers.boutique.services.ad import AdService
from helpers.boutique.services.cart import CartService
from helpers.boutique.services.checkout import CheckoutService
from helpers.boutique.services.currency import CurrencyService
from helpers.boutique.services.email import EmailService
from helpers.boutique.services.payment import PaymentService
from helpers.boutique.services.productcatalog import ProductCatalogService
from helpers.boutique.services.recommendation import RecommendationService
from helpers.boutique.services.shipping import ShippingService

_GRPC: dict[str, Callable[[Mapping[str, str]], Service]] = {
    "adservice": lambda environ: AdService(),
    "cartservice": CartService,
    "checkoutservice": lambda environ: CheckoutService(Dialer(environ)),
    "currencyservice": lambda environ: CurrencyService(),
    "emailservice": lambda environ: EmailService(),
    "paymentservice": lambda environ: PaymentService(),
    "productcatalogservice": lambda environ: ProductCatalogService(),
    "recommendationservice": lambda environ: RecommendationService(Dialer(environ)),
    "shippingservice": lambda environ: ShippingService(),
}


async def serve(service: str, environ: Mapping[str, str], stop: asyncio.Event) -> None:
    """Run `service` until `stop` is set. Raises ValueError or OSError with a sentence if it can't."""
    if service == "loadgenerator":
        await loadgenerator.run(environ, stop)
        return
    where = images.listen_address(service, environ)
    if service == "frontend":
        await web_server.serve(environ, where, stop)
    else:
        await grpc_server.serve(_GRPC[service](environ), service, where, stop)
