"""NHN's message service, EDI 2.0 (Meldingstjener REST): the port `MessageService` for its versions 3 and 2.

Sources: the OpenAPI document of v2 (api.tjener.test.melding.nhn.no) and NHN's pages on v3 of April to June 2026
(utviklerportal.nhn.no: configuration, get-notifications, send-message, send-apprec, migration_to_v3).
"""

from adapter.outside.edi20.v2 import Edi20V2
from adapter.outside.edi20.v3 import Edi20V3

__all__ = ["Edi20V2", "Edi20V3"]
