"""Buy something in the shop, as a customer does: into the cart, then through the order form."""

from helpers.lab.errors import Interrupted
from helpers.lab.shop.pages import Page, page

PRODUCT = "OLJCESPC7Z"
_FORM = {
    "street_address": "1 Main Street",
    "zip_code": "94043",
    "city": "Mountain View",
    "state": "CA",
    "country": "United States",
    "credit_card_number": "4432801561520454",
    "credit_card_expiration_month": "1",
    "credit_card_expiration_year": "2039",
    "credit_card_cvv": "672",
}


def order(email: str = "me@example.org", product: str = PRODUCT) -> Page:
    """Put a product into the cart and place the order; returns the first page that failed, or the order's.

    Raises ShopError if the shop does not answer at all.
    """
    try:
        filled = page("/cart", {"product_id": product, "quantity": "1"})
        return page("/cart/checkout", {"email": email, **_FORM}) if filled.ok else filled
    except (KeyboardInterrupt, Interrupted):
        raise Interrupted("lab.order(): interrupted. Run the cell again to order.") from None
