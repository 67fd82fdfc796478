"""URL patterns with the shapes of Sentry's."""

import re

from django.urls import re_path

from standin.endpoints import TEMPLATES
from standin.views import Endpoint

# Segments that Sentry's patterns spell in more than one way.
ALIASES = {
    "issues": "(?:issues|groups)",
    "notes": "(?:notes|comments)",
    "user-feedback": "(?:user-feedback|user-reports)",
    "user-reports": "(?:user-feedback|user-reports)",
    "plugins": "plugins?",
}

# Sentry writes most parameters as [^/]+. The pattern that lets most through is the hardest one for a proxy.
ANY_SEGMENT = "[^/]+"
PARAMETERS = {
    "trace_id": r"(?:\d+|[A-Fa-f0-9-]{32,36})",
    "replay_id": r"[\w-]+",
    "attachment_id": r"[\w-]+",
}

# Sentry's pattern of this path has no end: paths that continue are routed there too.
WITHOUT_END = {"/api/0/projects/{org}/{project}/files/proguard-artifact-releases"}


def segment_pattern(segment):
    if segment in ALIASES:
        return ALIASES[segment]
    parts = re.split(r"\{(\w+)\}", segment)
    return "".join(
        f"(?P<{part}>{PARAMETERS.get(part, ANY_SEGMENT)})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )


def pattern(template):
    path = "/".join(segment_pattern(segment) for segment in template[1:].split("/"))
    return "^" + path + ("" if template in WITHOUT_END else "$")


def literals_first(template):
    return [("{" in segment, segment) for segment in template.split("/")]


urlpatterns = [
    re_path(pattern(template), Endpoint.as_view(template=template))
    for template in sorted(TEMPLATES, key=literals_first)
]
