"""A server that speaks S3, for the tests: moto on a free port of the loopback address, which it prints.

It keeps everything in memory and ends when standard input does, so that it never outlives the test that started it.
scripts/bootstrap.sh s3 installs what it needs into target/s3.
"""

import logging
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0, application, threaded=True)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
