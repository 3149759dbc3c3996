"""Why a plan has ended (CL-12), as it stands in the extension of its CarePlan."""

from adapter.domain.case import Resource


def closing_reason(code: str, base: str) -> Resource:
    """The extension for a code of mappings/codes/closing-reason.map.json."""
    return {"url": _url(base), "valueCoding": {"system": f"{base}/CodeSystem/closing-reason", "code": code}}


def is_closing_reason(extension: Resource, base: str) -> bool:
    """Whether an extension is that one, whatever it says."""
    return bool(extension.get("url") == _url(base))


def _url(base: str) -> str:
    return f"{base}/StructureDefinition/closing-reason"
