"""Figures of others, measured on two cores in November 2026, in other runs than this one.

What each product did and how: Mirth Connect 4.6-dev on PostgreSQL with the same message and the same mapping in
JavaScript; sekmet-fhir 0.1.1, fhirstarter 4.2.0, fhirsnake 1.1.0, node-fhir-server-core 2.2.5 and Medplum's router
created CarePlans; the rest mapped messages in their own process. A ratio to one of these compares two runs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """One recorded figure. `mark` always says that it is of another run."""

    name: str
    value: float
    unit: str
    mark: str = "recorded, other run"


MIRTH_ACCEPTS_AFTER_MAPPING = Peer("Mirth 4.6-dev, answers after mapping, PostgreSQL", 197, "/s")
MIRTH_STORES_ONLY = Peer("Mirth 4.6-dev, answers after storing only", 447, "/s")
MIRTH_DELIVERS = Peer("Mirth 4.6-dev, end to end, source queue off", 175, "/s")
MIRTH_DELIVERS_QUEUED = Peer("Mirth 4.6-dev, end to end, source queue on", 147, "/s")
NAIVE_ADAPTER = Peer("naive adapter: fhir.resources, httpx, one at a time", 113, "/s")
SEKMET = Peer("sekmet-fhir 0.1.1, SQLite, create CarePlan", 223, "/s")
FHIR_RESOURCES_FLOOR = Peer("durable create behind fhir.resources", 804, "/s")

PEERS: dict[str, tuple[Peer, ...]] = {
    "G1": (
        MIRTH_ACCEPTS_AFTER_MAPPING,
        MIRTH_STORES_ONLY,
        Peer("own floor of the same shape, two processes", 2058, "/s"),
    ),
    "G2": (
        Peer("floor: parse, XSD, hand map, orjson, 30 entries", 448, "µs CPU"),
        Peer("jsonata 2.2 on JSON, 30 entries", 1854, "µs CPU"),
        Peer("OpenFn runtime 1.9.5, one near-empty step", 5489, "µs CPU"),
        Peer("hl7v2-fhir-bridge, ORU with its validation, 8 entries", 2729, "µs CPU"),
        Peer("python-fhir-converter (MS templates), 14 kB, 8 entries", 5514, "µs CPU"),
    ),
    "G3": (
        Peer("floor + fhir.resources validate", 3881, "µs CPU"),
        Peer("floor + fhir.resources validate and dump", 9991, "µs CPU"),
    ),
    "G4": (
        MIRTH_DELIVERS,
        MIRTH_DELIVERS_QUEUED,
        NAIVE_ADAPTER,
        Peer("store-and-forward floor, one worker / two", 938, "/s"),
    ),
    "G5": (
        Peer("aiohttp x16", 11125, "/s"),
        Peer("httpx over httpx-aiohttp x16", 3814, "/s"),
        Peer("stock httpx x16", 387, "/s"),
    ),
    "G6": (Peer("array form, batches of 64, 400,000 rows", 65600, "rows/s"),),
    "G7": (SEKMET, Peer("fhirstarter 4.2.0, memory", 190, "/s"), FHIR_RESOURCES_FLOOR),
    "G8": (Peer("FastAPI echo", 8509, "/s"),),
    "G9": (),
    "G10": (
        Peer("fastapi + four R4B models", 0.65, "s"),
        Peer("Mirth 4.6-dev, resident", 780, "MB"),
    ),
    "G11": (Peer("postman prototype, one process, PostgreSQL", 2118, "/s"),),
    "G12": (),
}
