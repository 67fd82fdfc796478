"""What Sentry sets, as far as it decides how a request is read."""

DEBUG = False
SECRET_KEY = "only-for-tests-on-loopback"
ALLOWED_HOSTS = ["*"]
APPEND_SLASH = False
INSTALLED_APPS = []
MIDDLEWARE = []
ROOT_URLCONF = "standin.urls"
USE_TZ = True
LOGGING_CONFIG = None

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    # Without these, REST framework wants the database's users.
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
