"""The wire format: what upstream's images expect, and that the committed Python is what the .proto says."""

from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from helpers.boutique import wire
from helpers.boutique.protos import hipstershop_pb2 as pb

ROOT = Path(__file__).parents[2]
PROTO = "helpers/boutique/protos/hipstershop.proto"

# Message: its fields in the order of their numbers from 1; "-" for a number not in use.
MESSAGES = """
    CartItem: product_id quantity
    AddItemRequest: user_id item
    EmptyCartRequest: user_id
    GetCartRequest: user_id
    Cart: user_id items
    Empty:
    ListRecommendationsRequest: user_id product_ids
    ListRecommendationsResponse: product_ids
    Product: id name description picture price_usd categories
    ListProductsResponse: products
    GetProductRequest: id
    SearchProductsRequest: query
    SearchProductsResponse: results
    GetQuoteRequest: address items
    GetQuoteResponse: cost_usd
    ShipOrderRequest: address items
    ShipOrderResponse: tracking_id
    Address: street_address city state country zip_code
    Money: currency_code units nanos
    GetSupportedCurrenciesResponse: currency_codes
    CurrencyConversionRequest: from to_code
    CreditCardInfo: credit_card_number credit_card_cvv credit_card_expiration_year credit_card_expiration_month
    ChargeRequest: amount credit_card
    ChargeResponse: transaction_id
    OrderItem: item cost
    OrderResult: order_id shipping_tracking_id shipping_cost shipping_address items
    SendOrderConfirmationRequest: email order
    PlaceOrderRequest: user_id user_currency address - email credit_card
    PlaceOrderResponse: order
    AdRequest: context_keys
    AdResponse: ads
    Ad: redirect_url text
"""


def test_field_numbers_are_upstreams() -> None:
    expected = {}
    for line in MESSAGES.split("\n"):
        name, _, fields = line.strip().partition(":")
        if name:
            expected[name] = {field: number for number, field in enumerate(fields.split(), 1) if field != "-"}
    messages = pb.DESCRIPTOR.message_types_by_name
    found = {name: {field.name: field.number for field in message.fields} for name, message in messages.items()}
    assert found == expected
    assert pb.DESCRIPTOR.package == "hipstershop"


def test_numbers_have_upstreams_widths() -> None:
    money = pb.Money.DESCRIPTOR.fields_by_name
    assert money["units"].type == money["units"].TYPE_INT64
    assert money["nanos"].type == money["nanos"].TYPE_INT32
    assert pb.Address.DESCRIPTOR.fields_by_name["zip_code"].type == money["nanos"].TYPE_INT32


def test_methods_are_those_of_the_proto() -> None:
    listed = {(item.service, item.name): (item.request, item.response) for item in wire.METHODS}
    declared = {
        (service.name, method.name): (getattr(pb, method.input_type.name), getattr(pb, method.output_type.name))
        for service in pb.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert listed == declared
    assert wire.GET_QUOTE.path == "/hipstershop.ShippingService/GetQuote"


def test_the_committed_python_is_generated_from_the_proto(tmp_path: Path) -> None:
    out = tmp_path / "set.pb"
    assert protoc.main(["protoc", f"-I{ROOT}", f"--descriptor_set_out={out}", str(ROOT / PROTO)]) == 0
    fresh = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]
    committed = descriptor_pb2.FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)
    for file in (fresh, committed):
        for message in file.message_type:
            for field in message.field:
                field.ClearField("json_name")
    assert fresh == committed, "regenerate as helpers/boutique/protos/README.md says"
