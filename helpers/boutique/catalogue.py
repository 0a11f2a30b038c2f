"""The shop's nine products. The ids are upstream's, so that links and load generators carry over."""

from __future__ import annotations

from helpers.boutique.protos import hipstershop_pb2 as pb

__all__ = ["PRODUCTS"]


def _product(number: str, name: str, cents: int, categories: str, picture: str, description: str) -> pb.Product:
    return pb.Product(
        id=number,
        name=name,
        description=description,
        picture=f"static/products/{picture}.svg",
        price_usd=pb.Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10_000_000),
        categories=categories.split(),
    )


PRODUCTS: tuple[pb.Product, ...] = (
    _product(
        "OLJCESPC7Z", "Sunglasses", 1999, "accessories", "sunglasses",
        "Round amber lenses in a light frame. They make any bus stop look like the south of somewhere.",
    ),
    _product(
        "66VCHSJNUP", "Tank Top", 1899, "clothing tops", "tank-top",
        "Soft combed cotton, cut straight, dyed in the colour of a ripe apricot.",
    ),
    _product(
        "1YMWWN1N4O", "Watch", 10999, "accessories", "watch",
        "A quiet automatic with a cream dial. Two hands tell the time, the third tells you to relax.",
    ),
    _product(
        "L9ECAV7KIM", "Loafers", 8999, "footwear", "loafers",
        "Chestnut leather, stitched by hand, ready to walk the moment you open the box.",
    ),
    _product(
        "2ZYFJ3GM2N", "Hairdryer", 2499, "hair beauty", "hairdryer",
        "Two speeds, one cool breeze, and a cord that reaches the good mirror.",
    ),
    _product(
        "0PUK6V6EV0", "Candle Holder", 1899, "decor home", "candle-holder",
        "Turned brass for one candle. It gathers a patina, and evenings.",
    ),
    _product(
        "LS4PSXUNUM", "Salt & Pepper Shakers", 1849, "kitchen", "shakers",
        "A pair in glazed stoneware that leans together when nobody is looking.",
    ),
    _product(
        "9SIQT8TOJO", "Bamboo Glass Jar", 549, "kitchen", "jar",
        "Seven deciliters behind a bamboo lid: for coffee, lentils, or the last of the biscuits.",
    ),
    _product(
        "6E92ZMYYFZ", "Mug", 899, "kitchen", "mug",
        "A speckled half-pint with a handle for three fingers. The fourth finds its place.",
    ),
)  # fmt: skip
