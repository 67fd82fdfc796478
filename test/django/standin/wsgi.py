"""The application that uWSGI runs. It logs each request as a line of JSON, also one that gets no answer."""

import json
import os

from django.core.wsgi import get_wsgi_application

from standin import UNDERSTOOD

django_application = get_wsgi_application()
# Appending keeps the lines of several workers whole.
log = os.open(os.environ["STANDIN_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def application(environ, start_response):
    status = []

    def start(line, fields, exc_info=None):
        status.append(int(line.split(" ")[0]))
        return start_response(line, fields, exc_info)

    try:
        return django_application(environ, start)
    finally:
        line = {
            "status": status[0] if status else 0,
            "requestMethod": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "queryString": environ.get("QUERY_STRING", ""),
            "contentType": environ.get("CONTENT_TYPE", ""),
            "contentLength": environ.get("CONTENT_LENGTH", ""),
            "fields": {name: value for name, value in environ.items() if name.startswith("HTTP_")},
            "understood": environ.get(UNDERSTOOD),
        }
        os.write(log, (json.dumps(line, default=str) + "\n").encode("ascii"))
