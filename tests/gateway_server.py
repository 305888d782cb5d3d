"""A real HTTP server that speaks both forms of the data-sharing gateway, as public client code tells, with faults to order.

One server holds many apps, each under a path of its own, so that no test meets another's secrets or faults.
"""

import hashlib
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

APP_KEY, APP_SECRET = "a-made-up-app-key-0001", "a-made-up-app-secret-0002"


@dataclass
class Reply:
    """What goes over the wire: `cut` bytes of the body only, or nothing at all with `drop`; `drip` seconds between bytes."""

    body: bytes
    status: int = 200
    headers: dict = field(default_factory=dict)
    cut: int | None = None
    drop: bool = False
    drip: float = 0


def reply(answer):
    """A case's answer as a Reply: a text is a body; a mapping may say 状态, 头, 体, 断 (cut), 掉线 (drop), 编码."""
    if isinstance(answer, Reply):
        return answer
    answer = {"体": answer} if isinstance(answer, str) else answer
    body = nested(**answer["内"]) if "内" in answer else answer.get("体", "") * answer.get("倍", 1)
    content = bytes.fromhex(answer["字节"]) if "字节" in answer else body.encode(answer.get("编码", "utf-8"))
    return Reply(content, answer.get("状态", 200), answer.get("头", {}), answer.get("断"), answer.get("掉线", False))


def nested(rows="[]", outer=200, inner="1", count=None, msg=""):
    """The open platform's JSON in JSON in JSON."""
    held = {"data": rows} if count is None else {"data": rows, "count": count}
    within = json.dumps({"code": inner, "msg": msg, "data": held}, ensure_ascii=False)
    return json.dumps({"code": outer, "msg": msg, "data": within}, ensure_ascii=False)


def envelope(rows, count, **more):
    return json.dumps({"code": "00", "msg": "成功", "dataCount": count, "datas": rows, **more}, ensure_ascii=False)


@dataclass
class App:
    """One app on the gateway. `script`: what the next data requests get instead of rows, the last for ever.

    `serves`: how many data requests a secret serves before it has expired; `shifts`: called before each page.
    """

    rows: dict = field(default_factory=dict)
    script: list = field(default_factory=list)
    serves: int = 10**6
    forgets_refresh: bool = False
    shifts: object = None
    most_rows: int = 200
    asked: list = field(default_factory=list)
    signed: dict = field(default_factory=dict)
    secrets: dict = field(default_factory=dict)
    refresh_secrets: set = field(default_factory=set)
    made: int = 0

    @property
    def pages_asked(self):
        return [form.get("pageNum") or json.loads(form["biz_content"])["pageNum"] for path, form in self.asked if self.is_data(path)]

    def count(self, name):
        return sum(name in path for path, _ in self.asked)

    @staticmethod
    def is_data(path):
        return "dataSharing" in path or path.endswith("gateway.do")

    def answer(self, path, form):
        self.asked.append((path, form))
        if path.endswith("refreshTokenByKey.htm"):
            return self._new_secrets(form, {APP_SECRET})
        if path.endswith("refreshTokenBySec.htm"):
            return self._new_secrets(form, set() if self.forgets_refresh else self.refresh_secrets)
        if path.endswith("createsign.do"):
            return Reply(self._sign(form).encode())
        if "dataSharing" in path:
            return self._older_data(path, form)
        return self._open_data(form) if path.endswith("gateway.do") else Reply(b"", 404)

    def _new_secrets(self, form, accepted):
        if not self._is_signed(form, accepted):
            return Reply(b'{"code":"14","msg":"\xe7\xad\xbe\xe5\x90\x8d\xe9\x94\x99\xe8\xaf\xaf"}')
        self.made += 1
        request, refresh = f"request-secret-{self.made:04}", f"refresh-secret-{self.made:04}"
        self.secrets = {request: self.serves}  # a new one ends the old
        self.refresh_secrets = {refresh}
        ends = int(time.time() * 1000) + 900_000
        datas = {"refreshSecret": refresh, "refreshSecretEndTime": ends, "requestSecret": request, "requestSecretEndTime": ends}
        return Reply(json.dumps({"code": "00", "msg": "成功", "datas": datas, "dataCount": 0}).encode())

    def _is_signed(self, form, secrets):
        texts = {f"{APP_KEY}{secret}{form['requestTime']}" for secret in secrets}
        return form["appKey"] == APP_KEY and form["sign"] in {hashlib.md5(text.encode()).hexdigest() for text in texts}

    def _older_data(self, path, form):
        live = {secret for secret, left in self.secrets.items() if left > 0}
        if not self._is_signed(form, live):
            return Reply('{"code":"15","msg":"请求密钥已过期"}'.encode())
        for secret in live:
            self.secrets[secret] -= 1
        if self.script:
            return self._scripted()
        rows, count = self._page(path.split("/")[-1].removesuffix(".htm"), form)
        return Reply(envelope(rows, count).encode())

    def _open_data(self, form):
        if form["sign"] != self._sign({name: value for name, value in form.items() if name != "sign"}):
            return Reply(nested(outer=500, msg="签名错误").encode())
        business = json.loads(form["biz_content"])
        if business["appSecret"] != APP_SECRET:
            return Reply(nested(outer=401, msg="appSecret 不对").encode())
        if self.script:
            return self._scripted()
        rows, count = self._page(form["interface_id"], business)
        return Reply(nested(json.dumps(rows, ensure_ascii=False), count=count).encode())

    def _scripted(self):
        return reply(self.script.pop(0) if len(self.script) > 1 else self.script[0])

    def _page(self, api, form):
        if self.shifts:
            self.shifts(self)
        size, number = min(int(form["pageSize"]), self.most_rows), int(form["pageNum"])
        rows = self.rows.get((api, form.get("数据期")), [])
        return rows[size * (number - 1) : size * number], len(rows)

    @staticmethod
    def _sign(form):
        return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        name, _, path = self.path.removeprefix("/").partition("/")
        made = self.server.apps[name].answer(path, form)
        if made.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(made.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(made.body)), **made.headers}
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        if made.drip:
            self._drip(made)
        self.wfile.write(made.body[: made.cut])
        if made.cut is not None:
            self.close_connection = True

    def _drip(self, made):
        for byte in made.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(made.drip)

    def log_message(self, *arguments):
        pass


class GatewayServer(ThreadingHTTPServer):
    """The gateway, from `with` to its end; `certificate` (a PEM file with its key) makes it HTTPS."""

    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.apps, self.scheme = {}, "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket, self.scheme = context.wrap_socket(self.socket, server_side=True), "https"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, address):
        pass  # a client that hangs up is what some tests are about

    def app(self, **wanted):
        """A new app, and the base address under which it is."""
        name = f"app{len(self.apps)}"
        self.apps[name] = App(**wanted)
        return self.apps[name], f"{self.scheme}://127.0.0.1:{self.server_port}/{name}"
