"""Write traces without records directly to the tables, since posting a million of them would take too long."""

from chalicelib.store.shared import bulk, ids
from chalicelib.store.tables.collections import Link, Project, Trace

BLOCK = 10_000  # rows in memory at a time
GAS = "NATURAL_GAS_CONSUMPTION_SUPPLIED"


def write(count: int) -> range:
    """Store a project with this number of traces, and return the ids of the traces."""
    (project,) = ids.allocate("projects")
    Project(project, project_id=f"synthetic {project}").save()
    traces = ids.allocate("traces", count)
    for first in range(0, count, BLOCK):
        block = traces[first : first + BLOCK]
        bulk.put_all(Trace, (_trace(id, project) for id in block))
        bulk.put_all(Link, (Link(project, id) for id in block))
    return traces


def _trace(id: int, project: int) -> Trace:
    return Trace(id, trace_id=f"synthetic {id}", interpretation=GAS, unit="THERM", projects=[project])
