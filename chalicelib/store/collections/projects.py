"""Projects: buildings, and when their efficiency measures were installed."""

from chalicelib.store.collections import traces
from chalicelib.store.collections.keyed import KeyedCollection
from chalicelib.store.shared import pages
from chalicelib.store.tables.collections import Project

_projects = KeyedCollection(Project, "projects", "project_id")

get = _projects.get
get_many = _projects.get_many
find_many = _projects.find_many
create = _projects.create
update = _projects.update
sync = _projects.sync


def delete(id: int) -> bool:
    """Delete a project; False when there is no such project. Its traces, runs and results remain."""
    if _projects.get(id) is None:
        return False
    traces.unlink(id)
    return _projects.delete(id)


def page(*, after: int, limit: int, project_id: str | None = None, zipcode: str | None = None) -> pages.Page[Project]:
    """A page of the projects that match the filters."""
    if project_id is not None:
        return _projects.page_of_key(project_id, after, zipcode=zipcode)
    if zipcode is not None:
        return pages.query(Project.zipcode_index, zipcode, after, limit, pages.matches())
    return _projects.page(after, limit)
