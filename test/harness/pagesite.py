# A small server of pages for tests in a browser: pages by path, the files of the look, the policy
# that the desk sends with every page; what was asked and posted is kept.
# SPDX-License-Identifier: Apache-2.0
import http.server
import os
import pathlib
import threading
import urllib.parse

LOOK = pathlib.Path(os.environ.get('WRIT_BUILD', 'build')) / 'src/web/look'
SVG = pathlib.Path(__file__).resolve().parents[2] / 'src/web/look'
TYPES = {'.css': 'text/css', '.js': 'text/javascript', '.woff2': 'font/woff2', '.svg': 'image/svg+xml'}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")


class Site:
    def __init__(self):
        self.pages, self.posts, self.headers, self.status = {}, [], [], {}
        self.after = '/done'
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, kind, data):
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(data)))
                self.send_header('Content-Security-Policy', POLICY)
                self.send_header('Cache-Control', 'no-store')
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                path = urllib.parse.urlsplit(self.path).path
                site.headers.append((path, dict(self.headers)))
                name = path.rsplit('/', 1)[-1]
                file = (SVG if name.endswith('.svg') else LOOK) / name
                if path.startswith('/look/') and file.suffix in TYPES and file.exists():
                    self.answer(200, TYPES[file.suffix], file.read_bytes())
                elif path in site.pages:
                    self.answer(site.status.get(path, 200), 'text/html; charset=utf-8', site.pages[path].encode())
                else:
                    self.answer(204 if path == '/favicon.ico' else 404, 'text/plain', b'')

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length'])).decode()
                site.posts.append((self.path, urllib.parse.parse_qs(body, keep_blank_values=True)))
                self.send_response(303)
                self.send_header('Location', site.after)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05})
        self.thread.start()
        self.url = f'http://localhost:{self.server.server_port}'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
