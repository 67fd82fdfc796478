"""One view for all endpoints: it answers, and leaves for the log, what it understood of the request."""

import uuid

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.response import Response
from rest_framework.views import APIView

from standin import UNDERSTOOD, world

# What Sentry says next to a list, of entries that a reader may not see as well.
PAGES = {
    "Link": '<http://sentry/?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
    '<http://sentry/?cursor=0:100:0>; rel="next"; results="false"; cursor="0:100:0"',
    "X-Hits": "7",
}


def projects_of_query(query):
    """Reads `project` and `projectSlug` as Sentry does, where versions differ in the way that reads more projects."""
    slugs = [slug for slug in query.getlist("projectSlug") if slug]
    # projectSlug wins over project.
    values = slugs or [number_or_text(value) for value in query.getlist("project") if value]
    # The injected token is a superuser's: without a project it reads all of them.
    return "all" if not values or -1 in values or "$all" in values else values


def projects_of_body(data):
    """Reads `projects` and `project` of a body as REST framework's serializers do, for JSON and for forms."""
    named = {}
    for key in ("projects", "project"):
        if isinstance(data, QueryDict):
            if key in data:
                named[key] = data.getlist(key)
        elif isinstance(data, dict) and key in data:
            value = data[key]
            named[key] = value if isinstance(value, list) else [value]
    return named


def number_or_text(value):
    # Python's int() also reads "+5", " 5", "1_0" and the digits of other scripts.
    try:
        return int(value)
    except ValueError:
        return value


def names_event(text):
    """Whether Sentry takes the text of a search for the id of an event, which it finds in any project."""
    try:
        uuid.UUID(text.strip())
    except ValueError:
        return False
    return True


def plain(data):
    if isinstance(data, QueryDict):
        return {key: [str(value) for value in values] for key, values in data.lists()}
    return data


class AlwaysJson(DefaultContentNegotiation):
    """The default one reads the query, so a query that cannot be read would keep the request from the view."""

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    content_negotiation_class = AlwaysJson
    template = None

    def dispatch(self, request, *args, **kwargs):
        # Set at once: the log is to have it, too, if REST framework refuses the request.
        self.understood = {"template": self.template, "method": request.method, "kwargs": kwargs}
        request.META[UNDERSTOOD] = self.understood
        return super().dispatch(request, *args, **kwargs)

    def answer(self, request, **kwargs):
        # Each of the two is read even if the other cannot be: Sentry's views read the one, the other or both.
        try:
            self.understood["query"] = dict(request.query_params.lists())
            self.understood["projects"] = projects_of_query(request.query_params)
            self.understood["namesEvent"] = any(map(names_event, request.query_params.getlist("query")))
        except (SuspiciousOperation, UnicodeError) as error:
            self.understood["queryProblem"] = type(error).__name__
        try:
            data = request.data
            self.understood["data"] = plain(data)
            self.understood["bodyProjects"] = projects_of_body(data)
        except APIException as error:
            self.understood["bodyProblem"] = str(error.detail)
        return self.respond(**kwargs)

    def respond(self, **kwargs):
        if "queryProblem" in self.understood or "bodyProblem" in self.understood:
            return Response({"detail": "Cannot be read.", "understood": self.understood}, status=400)
        method = self.understood["method"]
        known = world.answer(self.template, "GET" if method == "HEAD" else method, kwargs)
        if known is None:
            return Response({"detail": "Not found.", "understood": self.understood}, status=404)
        if isinstance(known, list):
            return Response(known, headers=PAGES)
        return Response({**known, "understood": self.understood})

    get = post = put = patch = delete = options = answer
