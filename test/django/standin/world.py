"""What Sentry would answer where a proxy looks something up, from world.json."""

import json
import pathlib

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
    # By its name a reader finds a project wherever it appears.
    return {"id": project["id"], "slug": project["slug"], "name": f"project {project['organization']}/{slug}"}


def projects(org):
    return [project_summary(org, one["slug"]) for one in of_organization("projects", org)]


def organization_detail(org):
    found = organization(org)
    return found and {**found, "projects": projects(org), "teams": [{"slug": "all", "projects": projects(org)}]}


def project(org, project):
    found = next((one for one in projects(org) if project in (one["slug"], one["id"])), None)
    secrets = {"securityToken": "a-security-token", "securityTokenHeader": "X-Sentry-Token"}
    return found and {**found, **secrets, "organization": organization(org)}


def release(org, version):
    found = next((one for one in of_organization("releases", org) if one["version"] == version), None)
    return found and {"version": version, "projects": [project_summary(org, slug) for slug in found["projects"]]}


def issue(org, issue_id):
    found = next(
        (one for one in of_organization("issues", org) if issue_id.upper() in (one["id"], one["shortId"])), None
    )
    return found and {
        "id": found["id"],
        "shortId": found["shortId"],
        "project": project_summary(org, found["project"]),
    }


ANSWERS = {
    "/api/0/organizations/": organizations,
    "/api/0/organizations/{org}/": organization_detail,
    "/api/0/organizations/{org}/projects/": projects,
    "/api/0/organizations/{org}/releases/{version}/": release,
    "/api/0/organizations/{org}/issues/{issue_id}/": issue,
    "/api/0/projects/{org}/{project}/": project,
}


def answer(template, kwargs):
    """The object of a look-up, {} where nothing is looked up, None where there is no such object."""
    return ANSWERS[template](**kwargs) if template in ANSWERS else {}
