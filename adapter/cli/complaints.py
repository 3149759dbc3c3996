"""`ip-adapter complaints`"""

from adapter.cli.decision import line
from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.complaints import open_complaints


def command(database: Database = None, json: Json = False) -> None:
    """List the complaints of all cases that somebody has to see to.

    Those that nobody has decided yet, with the unit or with the body above it, and those by which a case is to be
    decided anew. Each line is a case and a complaint of it: about what, when it was received, where it stands, whether
    it came in time and whether a written power of attorney is lacking. Nothing of a person is printed, and nothing is
    changed.

    \b
    Examples:
      ip-adapter complaints
      ip-adapter complaints --json
    \b
    Exit codes: 0 listed (also when there is none), 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        found = list(open_complaints(now.parts))
    if json:
        tell_json(found)
        return
    for one in found:
        tell(f"{one.case}  {line(one.stands)}")
    if not found:
        tell("No complaint waits.")
