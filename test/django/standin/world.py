"""What Sentry would answer, from world.json: as much as decides on rights, and what an answer must not show."""

import json
import pathlib

from standin.endpoints import ROWS

WORLD = json.loads((pathlib.Path(__file__).parent.parent / "world.json").read_text(encoding="utf-8"))


def organizations():
    return [{**one, "name": f"organization {one['slug']}"} for one in WORLD["organizations"]]


def organization(name):
    return next((one for one in organizations() if name in (one["slug"], one["id"])), None)


def of_organization(kind, org):
    found = organization(org)
    return [one for one in WORLD[kind] if found and one["organization"] == found["slug"]]


def project_summary(org, slug):
    project = next(one for one in of_organization("projects", org) if one["slug"] == slug)
    # A reader finds a project by its name in every place.
    return {"id": project["id"], "slug": project["slug"], "name": f"project {project['organization']}/{slug}"}


def projects(org, **_):
    return [project_summary(org, one["slug"]) for one in of_organization("projects", org)]


def all_projects():
    return [
        {**summary, "organization": one} for one in organizations() for summary in projects(one["slug"])
    ]


def organization_detail(org):
    found = organization(org)
    return found and {**found, "projects": projects(org), "teams": [{"slug": "all", "projects": projects(org)}]}


def project(org, project):
    found = next((one for one in projects(org) if project in (one["slug"], one["id"])), None)
    return found and {**found, "organization": organization(org)}


def plain(name):
    """A name as Sentry looks for it: numbers with int(), UUIDs without dashes, short ids in capitals."""
    try:
        return int(name)
    except ValueError:
        bare = name.replace("-", "").lower()
        return bare if len(bare) == 32 else name.upper()


def thing(kind, org, name):
    """The thing of that name with summaries of its projects; None if there is none."""
    things = of_organization(kind, org)
    found = next((one for one in things if any(plain(own) == plain(name) for own in one["names"])), None)
    return found and {"id": found["names"][0], "projects": [project_summary(org, slug) for slug in found["projects"]]}


def in_detail(kind, parameter, shape):
    """An answer about the thing that a parameter names, in the shape that Sentry's serializer gives it."""

    def detail(org, **kwargs):
        found = thing(kind, org, kwargs[parameter])
        shown = found and [one["name"] for one in found["projects"]]
        return found and {"id": found["id"], "about": shown, **shape(found["projects"])}

    return detail


def release(org, version, **_):
    # Sentry takes the name of a release as it is.
    found = next((one for one in of_organization("releases", org) if version in one["names"]), None)
    return found and {"version": version, "projects": [project_summary(org, slug) for slug in found["projects"]]}


def releases(org, **_):
    return [release(org, one["names"][0]) for one in of_organization("releases", org)]


def with_project(found):
    return {"project": found[0]}


def with_slugs(found):
    return {"projects": [one["slug"] for one in found]}


issue = in_detail("issues", "issue_id", with_project)
monitor = in_detail("monitors", "monitor_id_or_slug", with_project)
snapshot = in_detail("snapshots", "snapshot_id", lambda found: {"project_id": int(found[0]["id"])})

ANSWERS = {
    "/api/0/organizations/": organizations,
    "/api/0/projects/": all_projects,
    "/api/0/organizations/{org}/": organization_detail,
    "/api/0/organizations/{org}/projects/": projects,
    "/api/0/teams/{org}/{team}/projects/": projects,
    "/api/0/organizations/{org}/releases/": releases,
    "/api/0/projects/{org}/{project}/releases/": releases,
    "/api/0/organizations/{org}/releases/{version}/": release,
    "/api/0/projects/{org}/{project}/releases/{version}/": release,
    "/api/0/organizations/{org}/issues/{issue_id}/": issue,
    "/api/0/projects/{org}/{project}/": project,
    "/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/": monitor,
    # Some versions look a rule up in the whole organization.
    "/api/0/projects/{org}/{project}/rules/{rule_id}/": in_detail("rules", "rule_id", with_slugs),
    "/api/0/organizations/{org}/alert-rules/{alert_rule_id}/": in_detail("alert-rules", "alert_rule_id", with_slugs),
    "/api/0/organizations/{org}/detectors/{detector_id}/": in_detail(
        "detectors", "detector_id", lambda found: {"projectId": found[0]["id"]}
    ),
    "/api/0/organizations/{org}/replays/{replay_id}/": in_detail(
        "replays", "replay_id", lambda found: {"data": {"project_id": found[0]["id"]}}
    ),
    "/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/": snapshot,
    "/api/0/organizations/{org}/notifications/actions/{action_id}/": in_detail(
        "notification-actions", "action_id", lambda found: {"projects": [int(one["id"]) for one in found]}
    ),
}


def hidden(keys, text):
    """Members that an answer must not show, at several depths."""
    shown = dict.fromkeys(keys, text)
    return {"first": {**shown, "rest": 1}, "list": [{"before": 1, key: [text, {"more": text}]} for key in keys], **shown}


def answer(template, method, kwargs):
    """What Sentry answers, {} where nothing of it matters, None where there is no such thing."""
    row = ROWS.get((method, template), {})
    secrets = {
        **hidden(row.get("removed", []), "a secret"),
        "below": hidden(row.get("removedWithProjects", []), "a secret of others"),
    }
    known = ANSWERS[template](**kwargs) if template in ANSWERS and method == "GET" else {}
    return known if known is None or isinstance(known, list) else {**secrets, **known}
