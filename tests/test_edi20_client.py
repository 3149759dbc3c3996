"""The message service as it is asked and as it answers, in both versions: what is new is passed by."""

import base64
import json
from typing import Any

import pytest
import respx
from edi20_calls import ID, OTHER, SERVICE, Clock, Version, granting, with_service
from proof import Proofs as ProofsChecked
from shared_data import SHARED, needs_shared

from adapter.domain.delivery import Letter
from adapter.domain.mailbox import AppRecGiven, Notice, Sent, Slip
from adapter.outside.edi20 import Edi20V2, Edi20V3

EXAMPLES = SHARED / "norwegian-xml" / "examples" / "edi20-json"
LETTER = Letter("edi20", "", "m-1", b"<MsgHead/>", "DIALOG_HELSEFAGLIG", "8900091", "8900022")


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text("utf-8"))


@respx.mock
def test_every_request_says_version_system_token_and_a_fresh_proof_bound_to_it() -> None:
    granting()
    route = respx.get(f"{SERVICE}/messages/{ID}/status").respond(200, json={"statusList": []})

    async def act(service: Edi20V3) -> None:
        await service.state(ID, "1")
        await service.state(ID, "1")

    clock = Clock()
    with_service(act, clock=clock)
    checks = ProofsChecked(clock.now.timestamp)
    for call in route.calls:
        headers = call.request.headers
        assert (headers["api-version"], headers["nhn-source-system"]) == ("3", "ip-adapter")
        assert headers["Authorization"] == "DPoP token-1"
        checks.checked(headers["DPoP"], "GET", f"{SERVICE}/messages/{ID}/status", "token-1")


@respx.mock
def test_configuration_names_each_her_id_and_locks_none() -> None:
    granting()
    route = respx.put(f"{SERVICE}/mshconfigurations").respond(204)
    with_service(lambda service: service.configure())
    assert json.loads(route.calls.last.request.content)["configurations"] == [
        {"herId": 8900029, "receiveNotificationChannel": "Api"},
        {"herId": 8900091, "receiveNotificationChannel": "Api"},
    ]


@respx.mock
def test_notifications_are_read_whatever_their_order_and_what_is_unknown_is_noted_and_passed() -> None:
    granting()
    about = {"relatedMessageId": ID, "notificationReceiverHerId": 8900029}
    entries = [
        {**about, "type": "MessageApprecInfoUpdated", "offset": 91, "new": {"in": "v4"}},
        {**about, "type": "NewMessage", "offset": 12},
        {**about, "type": "SomethingNew", "offset": 40},
        {"id": OTHER, "notificationReceiverHerId": 8900029, "type": "Heartbeat", "offset": 41},
        {**about, "type": "RefusedMessage", "offset": 50},
        {"type": "NewMessage", "offset": 99},
        "nonsense",
        {**about, "type": "NewMessage", "offset": "7"},
        {**about, "relatedMessageId": "../../etc", "type": "NewMessage", "offset": 1},
        {**about, "notificationReceiverHerId": "8900091", "type": "NewMessage", "offset": 60},
    ]
    route = respx.get(f"{SERVICE}/notifications").respond(200, json={"notifications": entries})
    page = with_service(lambda service: service.notices(7))
    assert [(n.kind, n.position) for n in page.notices] == [
        ("state", 91),
        ("message", 12),
        ("unknown", 40),
        ("unknown", 41),
        ("refused", 50),
        ("unreadable", 99),
        ("unreadable", 1),
        ("message", 60),
    ]
    assert {n.message for n in page.notices} == {ID, OTHER, "offset-99", "offset-1"}
    assert {n.her_id for n in page.notices} == {"8900029", "8900091", ""}
    assert (page.last, page.full, page.unread) == (99, False, 2)
    query = route.calls.last.request.url.params
    assert query.get_list("HerIds") == ["8900029", "8900091"]
    assert (query["Offset"], query["NotificationsToFetch"]) == ("7", "1000")


@respx.mock
def test_a_letter_is_handed_in_with_what_version_3_wants_beside_it() -> None:
    granting()
    route = respx.post(f"{SERVICE}/messages").respond(202, json={"id": ID, "more": 1})
    assert with_service(lambda service: service.send(LETTER)) == ID
    body = json.loads(route.calls.last.request.content)
    assert base64.b64decode(body.pop("businessDocument")) == LETTER.body
    assert body == {
        "senderHerId": 8900091,
        "receiverHerIds": [8900022],
        "messageTypeIdentificator": "DIALOG_HELSEFAGLIG",
        "contentType": "application/xml",
        "contentTransferEncoding": "base64",
        "applicationName": "ip-adapter",
        "applicationVersion": "0.1",
    }


@respx.mock
@pytest.mark.parametrize(
    ("version", "path"),
    [(Edi20V3, f"messages/{ID}/apprec"), (Edi20V2, f"Messages/{ID}/apprec/8900029")],
)
def test_an_apprec_is_given_as_status_and_errors(version: Version, path: str) -> None:
    granting()
    route = respx.post(f"{SERVICE}/{path}").respond(201, json=OTHER)
    given = AppRecGiven("8900029", "2", (("E31", "Fødselsnummer er feil"),))
    with_service(lambda service: service.post_apprec(ID, given), version)
    body = json.loads(route.calls.last.request.content)
    assert body["appRecStatus"] == "Rejected"
    assert body["appRecErrorList"] == [{"errorCode": "E31", "details": "Fødselsnummer er feil"}]
    assert body.get("appRecSenderHerId", 8900029) == 8900029


@respx.mock
@pytest.mark.parametrize(
    ("version", "path"), [(Edi20V3, f"messages/{ID}/downloaded"), (Edi20V2, f"Messages/{ID}/read/8900029")]
)
def test_a_message_is_called_downloaded_for_its_receiver(version: Version, path: str) -> None:
    granting()
    route = respx.put(f"{SERVICE}/{path}").respond(204)
    with_service(lambda service: service.downloaded(ID, "8900029"), version)
    assert route.call_count == 1


@respx.mock
@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ({"transportDeliveryState": "Unconfirmed", "sent": False}, Sent("Unconfirmed")),
        (
            {"transportDeliveryState": "Acknowledged", "apprecInfo": {"appRecStatus": "Ok"}},
            Sent("Acknowledged", "Ok"),
        ),
        (
            {
                "transportDeliveryState": "Acknowledged",
                "apprecInfo": {
                    "appRecStatus": "Rejected",
                    "appRecErrorList": [{"errorCode": "E10"}, {"errorCode": "Kari Nordmann"}, 7],
                },
            },
            Sent("Acknowledged", "Rejected", "E10,X99"),
        ),
        ({"transportDeliveryState": "Abandoned", "apprecInfo": None}, Sent("Abandoned")),
        ({"transportDeliveryState": "Paused"}, Sent("Paused")),
    ],
)
def test_the_state_is_that_of_the_receiver_who_is_meant(told: dict[str, Any], sent: Sent) -> None:
    granting()
    other = {"receiverHerId": 1, "transportDeliveryState": "Rejected"}
    listed = {"statusList": [other, {"receiverHerId": 8900022, **told}]}
    respx.get(f"{SERVICE}/messages/{ID}/status").respond(200, json=listed)
    assert with_service(lambda service: service.state(ID, "8900022")) == sent


@needs_shared
@respx.mock
def test_the_answers_that_version_2_gives_as_examples_are_read() -> None:
    granting()
    at = f"{SERVICE}/Messages"
    respx.get(at).respond(200, json=example("get-messages-response.json"))
    respx.get(f"{at}/{ID}").respond(200, json=example("get-message-response-with-unknown-property.json"))
    respx.get(f"{at}/{OTHER}").respond(200, json=example("get-message-apprec-response.json"))
    respx.get(f"{at}/{ID}/status").respond(200, json=example("get-status-acked.json"))
    respx.get(f"{at}/{OTHER}/status").respond(200, json=example("get-status.json"))
    respx.get(f"{at}/{ID}/apprec").respond(200, json=example("get-apprecinfo-multi.json"))
    respx.get(f"{at}/{ID}/business-document").respond(
        200, json=example("get-business-document-response.json")
    )
    respx.post(at).respond(201, text=(EXAMPLES / "post-message-response.txt").read_text())

    async def act(service: Edi20V2) -> list[Any]:
        return [
            (await service.notices(0)).notices[0],
            await service.slip(ID, "8143060"),
            (await service.slip(OTHER, "8143060")).apprec,
            await service.state(ID, "8094866"),
            await service.state(OTHER, "8094866"),
            [await service.apprec_of(ID, her_id) for her_id in ("1111", "2222", "3")],
            (await service.document(ID))[:5],
            await service.send(LETTER),
        ]

    assert with_service(act, Edi20V2) == [
        Notice("0c8f3d36-f9e7-4e3f-9d5c-c820fa9b5773", "8143060", "message", 1),
        Slip(ID, "8094866", ("8143060",), "c88389b7-f8ad-40b2-81e1-090e715b7530", apprec=False),
        True,
        Sent("Acknowledged", "Ok"),
        Sent("Unconfirmed"),
        [True, True, None],
        b"<?xml",
        "0556bccf-ccf9-4597-9673-14cbd1a96d99",
    ]
