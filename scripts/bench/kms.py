"""A stand-in for KMS that hides nothing: what it seals stays as it is.

Inside this process as a vault, and on the loopback for functions that start in a process of their own.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OpenVault:
    def seal(self, secret: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        return secret

    def open(self, sealed: bytes, *, workspace_id: str, credential_id: str) -> bytes:
        return sealed


class _Kms(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps({"KeyId": "bench", "Plaintext": sent["CiphertextBlob"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def kms() -> Iterator[str]:
    """The endpoint of a KMS that answers Decrypt."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Kms) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
