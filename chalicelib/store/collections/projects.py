"""Projects: buildings, and when their efficiency measures were installed."""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import deadline
from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.collections import links, traces
from chalicelib.store.collections.keyed import KeyedCollection
from chalicelib.store.shared import lean, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.throttling import throttled_is_busy
from chalicelib.store.tables.collections import DeletedProject, Project

UNLINKING = 2.0  # seconds of a request; what it leaves to do, the reconciler does
RECONCILING = 200.0  # seconds of a pass of the reconciler

logger = Logger(child=True)

_projects = KeyedCollection(Project, "projects", "project_id", leaves=DeletedProject)

get = _projects.get
get_many = _projects.get_many
find_many = _projects.find_many
create = _projects.create
update = _projects.update
sync = _projects.sync


def to_match(wanted: Iterable[int]) -> dict[int, Any]:
    """The projects that exist among these ids, by id, with only the attributes that filters of groups compare."""
    found = lean.batch_get(Project, sorted(set(wanted)), ("id", "project_id", "metadata"))
    return {project.id: project for project in found}


def delete(id: int) -> bool:
    """Delete a project; False when there is no such project. Its traces, runs and results remain.

    One transaction deletes it; no request sees its links from then on, even if they are not all removed yet.
    """
    if not _projects.delete(id):
        return False
    try:
        with deadline.within(UNLINKING), throttled_is_busy():
            traces.unlink(id)
    except (Busy, DeadlineExceededError):
        logger.info("the reconciler has to unlink the traces of a deleted project", project=id)
    return True


def reconcile() -> int:
    """Unlink the traces of deleted projects; returns the number of projects. The next pass retries whatever fails."""
    unlinked = 0
    with deadline.within(RECONCILING):
        for project in sorted(links.deleted_projects()):
            try:
                traces.unlink(project)
                unlinked += 1
            except Exception:
                logger.exception("the traces of a deleted project could not be unlinked", project=project)
    return unlinked


def page(*, after: int, limit: int, project_id: str | None = None, zipcode: str | None = None) -> pages.Page[Project]:
    """A page of the projects that match the filters."""
    if project_id is not None:
        return _projects.page_of_key(project_id, after, zipcode=zipcode)
    if zipcode is not None:
        return pages.query(Project.zipcode_index, zipcode, after, limit)
    return _projects.page(after, limit)
