"""The same rows and size as `server/examples/bare_axum.rs`, by Django with its ORM and templates, where Django is
installed: `python3 django_queue.py PORT POSTGRES_URL ROWS BYTES`. One process, threads, no debug mode."""

import sys
from socketserver import ThreadingMixIn
from urllib.parse import urlparse
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

port, url = int(sys.argv[1]), urlparse(sys.argv[2])
lines, size = int(sys.argv[3]), int(sys.argv[4])

TEMPLATE = """<!DOCTYPE html><html lang="zh-CN"><body><table>{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.reference }}</td>
<td>{{ row.title }}</td><td>{{ row.subject_name }}</td><td>{{ row.main_domain|default:"" }}</td><td>{{ row.state }}</td>
<td>{{ row.jurisdiction }}</td></tr>{% endfor %}</table>{{ rest }}"""

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path[1:],
            "USER": url.username,
            "PASSWORD": url.password or "",
            "HOST": url.hostname,
            "PORT": url.port,
            "CONN_MAX_AGE": None,
        }
    },
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402


class Filing(models.Model):
    id = models.TextField(primary_key=True)
    reference = models.TextField()
    title = models.TextField()
    subject_name = models.TextField()
    main_domain = models.TextField(null=True)
    state = models.TextField()
    jurisdiction = models.TextField()
    is_reviewable = models.BooleanField()
    submitted_at = models.BigIntegerField()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "filing"


template = engines["django"].from_string(TEMPLATE)


def queue(request):
    found = Filing.objects.filter(
        jurisdiction__gte="310000", jurisdiction__lt="320000", is_reviewable=True, state="pending"
    )
    rows = list(found.order_by("submitted_at")[:lines])
    page = template.render({"rows": rows, "rest": ""})
    return HttpResponse(page + "." * max(0, size - len(page.encode())))


urlpatterns = [path("", queue)]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    # Connections are kept, as by the others.
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


make_server("127.0.0.1", port, get_wsgi_application(), Server, Quiet).serve_forever()
