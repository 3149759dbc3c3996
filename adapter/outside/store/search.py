"""What operators look for among the cases: one page, by id, never a case that was purged."""

from sqlalchemy import Select, select

from adapter.domain.record import Question
from adapter.outside.store.tables import case_


def cases(question: Question) -> Select[*tuple[object, ...]]:
    """Paged by id, which never changes: a page of a busy database neither skips nor repeats a case.

    The indexes on the state, the owner and the requester are in the order of the ids, so that each page is read from
    where it begins, whatever a planner believes of how many there are.
    """
    at = case_.c
    page = select(at.id, at.state, at.requester, at.owner, at.unit, at.opened_at, at.moved_at)
    page = page.where(at.id > question.after, at.subject_key != "").order_by(at.id).limit(question.limit)
    if question.states:
        page = page.where(at.state.in_(question.states))
    for column, wanted in (
        (at.owner, question.owner),
        (at.requester, question.requester),
        (at.subject_key, question.subject_key),
    ):
        if wanted is not None:
            page = page.where(column == wanted)
    return page.where(at.moved_at >= question.since) if question.since else page
