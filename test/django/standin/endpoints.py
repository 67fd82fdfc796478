"""The list of Sentry's endpoints that SENTRY_ENDPOINTS names."""

import json
import os


def content():
    with open(os.environ["SENTRY_ENDPOINTS"], encoding="utf-8") as file:
        read = json.load(file)
    return {"rows": read, "siblings": []} if isinstance(read, list) else read


_CONTENT = content()
ROWS = {(row["method"], row["path"]): row for row in _CONTENT["rows"]}
TEMPLATES = {path for _, path in ROWS} | {f"{path}/" for path in _CONTENT["siblings"]}
