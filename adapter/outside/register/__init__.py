"""NHN's address register, CommunicationParty API: the port `RegisterService`.

Source: the OpenAPI document "CommunicationParty Api", version v1 (cpapi.test.grunndata.nhn.no), and NHN's page on it
(utviklerportal.nhn.no, CommunicationParty API, 17.12.2025): audience nhn:cp-api, DPoP. What neither of them says:
whether an address that has ended answers 404 or with an end that has passed (both are taken for gone or unknown), what
the bodies of errors hold (they are not read), and how long events are kept (a position that is refused is given up, and
every address is asked for).
"""

from adapter.outside.register.v1 import RegisterV1

__all__ = ["RegisterV1"]
