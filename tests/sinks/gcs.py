"""A small server that speaks what this package asks of Google Cloud Storage: the XML API, which obstore speaks, and
the JSON API, which pyarrow does, of the same objects. Each object has a generation, and conditions are kept.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_generations = itertools.count(time.time_ns() // 1000)


class Refused(Exception):
    """An answer that is no success: status, and the store's own word."""


@dataclass(frozen=True)
class Kept:
    data: bytes
    about: dict[str, Any] = field(default_factory=dict)
    generation: int = field(default_factory=lambda: next(_generations))
    when: float = field(default_factory=time.time)

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.data).hexdigest()}"'


class Server(ThreadingHTTPServer):
    """`objects` of each bucket by name, and `uploads` of parts that are not complete."""

    daemon_threads = True

    def __init__(self, *buckets: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, dict[str, Kept]] = {name: {} for name in buckets}
        self.uploads: dict[str, tuple[str, str, dict[int, bytes]]] = {}
        self.lock = threading.Lock()

    def keep(
        self,
        bucket: str,
        name: str,
        data: bytes,
        generation: str | None,
        about: dict[str, Any] | None = None,
    ) -> Kept:
        """Write an object, where a generation is told only in the place of that one (0: of none). `about` is what
        else its description says.
        """
        with self.lock:
            there = self._of(bucket)
            old = there.get(name)
            if generation is not None and int(generation) != (old.generation if old else 0):
                raise Refused(412, "PreconditionFailed")
            there[name] = Kept(data, about or {})
            return there[name]

    def get(self, bucket: str, name: str) -> Kept:
        try:
            return self._of(bucket)[name]
        except KeyError:
            raise Refused(404, "NoSuchKey") from None

    def delete(self, bucket: str, name: str) -> None:
        with self.lock:
            if self._of(bucket).pop(name, None) is None:
                raise Refused(404, "NoSuchKey")

    def list(
        self, bucket: str, prefix: str, delimiter: str, after: str, most: int
    ) -> tuple[dict[str, Kept], list[str], str]:
        """Objects and prefixes of a page, and the name after which the next one starts, empty at the end."""
        with self.lock:
            names = sorted(self._of(bucket).items())
        found, prefixes, last = {}, dict[str, None](), ""
        for name, kept in names:
            if not name.startswith(prefix) or name <= after:
                continue
            if len(found) + len(prefixes) == most:
                return found, list(prefixes), last
            inner, cut, _ = name.removeprefix(prefix).partition(delimiter) if delimiter else (name, "", "")
            if cut:
                prefixes[prefix + inner + delimiter] = None
            else:
                found[name] = kept
            last = name
        return found, list(prefixes), ""

    def _of(self, bucket: str) -> dict[str, Kept]:
        if bucket not in self.objects:
            raise Refused(404, "NoSuchBucket")
        return self.objects[bucket]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        self.asked = {name: values[-1] for name, values in parse_qs(parts.query, True).items()}
        is_json = re.fullmatch(r"(/upload|/download)?/storage/v1/b(?:/([^/]+))?(/o)?(?:/(.+))?", parts.path)
        try:
            if parts.path == "/token":
                self._say(
                    json.dumps({"access_token": "its-token", "expires_in": 3600, "token_type": "Bearer"})
                )
            elif is_json:
                self._json(*(unquote(part or "") for part in is_json.groups()))
            else:
                bucket, _, name = parts.path[1:].partition("/")
                self._xml(unquote(bucket), unquote(name))
        except Refused as refused:
            status, word = refused.args
            said = {"error": {"code": status, "message": word}}
            self._say(
                json.dumps(said)
                if is_json
                else f'<?xml version="1.0"?><Error><Code>{word}</Code><Message>-</Message></Error>',
                status,
            )

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve

    def _xml(self, bucket: str, name: str) -> None:
        there, upload = self.server, self.asked.get("uploadId")
        match self.command:
            case "PUT" if upload:
                there.uploads[upload][2][int(self.asked["partNumber"])] = self.body
                self._say(headers={"ETag": Kept(self.body).tag})
            case "PUT":
                kept = there.keep(bucket, name, self.body, self.headers.get("x-goog-if-generation-match"))
                self._say(headers=self._facts(kept))
            case "POST" if upload:
                parts = there.uploads.pop(upload)[2]
                told = [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", self.body)]
                kept = there.keep(bucket, name, b"".join(parts[number] for number in told), None)
                self._say(
                    f"<CompleteMultipartUploadResult><ETag>{escape(kept.tag)}</ETag></CompleteMultipartUploadResult>",
                    headers=self._facts(kept),
                )
            case "POST":
                upload = f"upload{next(_generations)}"
                there.uploads[upload] = (bucket, name, {})
                self._say(
                    f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                )
            case "DELETE" if upload:
                there.uploads.pop(upload, None)
                self._say(status=204)
            case "DELETE":
                there.delete(bucket, name)
                self._say(status=204)
            case _ if name:
                self._give(there.get(bucket, name))
            case _ if "uploads" in self.asked:
                self._say("".join(f"<Key>{escape(key)}</Key>" for _, key, _ in there.uploads.values()))
            case _:
                self._say(self._listed_xml(bucket))

    def _listed_xml(self, bucket: str) -> str:
        after = self.asked.get("continuation-token") or self.asked.get("start-after", "")
        found, prefixes, token = self.server.list(
            bucket,
            self.asked.get("prefix", ""),
            self.asked.get("delimiter", ""),
            after,
            int(self.asked.get("max-keys", 1000)),
        )
        contents = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>{_iso(kept)}</LastModified>"
            f"<ETag>{escape(kept.tag)}</ETag><Size>{len(kept.data)}</Size></Contents>"
            for name, kept in found.items()
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in prefixes
        )
        more = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if token else ""
        return f"<ListBucketResult>{contents}{common}{more}</ListBucketResult>"

    def _json(self, door: str, bucket: str, objects: str, name: str) -> None:
        there, asked = self.server, self.asked
        match self.command:
            case "POST" if not bucket:
                there.objects.setdefault(json.loads(self.body)["name"], {})
                self._say(json.dumps({"name": json.loads(self.body)["name"]}))
            case "GET" if not objects:
                there.list(bucket, "", "", "", 1)
                self._say(json.dumps({"name": bucket, "id": bucket, "kind": "storage#bucket"}))
            case "GET" if not name:
                found, prefixes, token = there.list(
                    bucket,
                    asked.get("prefix", ""),
                    asked.get("delimiter", ""),
                    asked.get("pageToken", ""),
                    int(asked.get("maxResults", 1000)),
                )
                items = [_described(bucket, *item) for item in found.items()]
                more = {"nextPageToken": token} if token else {}
                self._say(json.dumps({"items": items, "prefixes": prefixes, **more}))
            case "GET" if asked.get("alt") == "media":
                self._give(there.get(bucket, name))
            case "GET":
                self._say(json.dumps(_described(bucket, name, there.get(bucket, name))))
            case "DELETE":
                there.delete(bucket, name)
                self._say(status=204)
            case "POST" if asked.get("uploadType") == "resumable":
                name = asked.get("name") or json.loads(self.body)["name"]
                there.list(bucket, "", "", "", 1)
                upload = f"upload{next(_generations)}"
                there.uploads[upload] = (bucket, name, {})
                self._say(
                    headers={
                        "Location": f"http://{self.headers['Host']}{self.path}&upload_id={upload}",
                        "X-GUploader-UploadID": upload,
                    }
                )
            case "PUT" if door:
                self._resumed(asked["upload_id"])
            case "POST":
                data, about = self.body, {}
                if asked.get("uploadType") == "multipart":  # the description, then the bytes
                    border = (
                        b"--" + self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
                    )
                    parts = data.split(border)
                    about = json.loads(parts[1].split(b"\r\n\r\n", 1)[1])
                    data = parts[2].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
                name = asked.get("name") or about["name"]
                kept = there.keep(bucket, name, data, asked.get("ifGenerationMatch"), about)
                self._say(json.dumps(_described(bucket, name, kept)))
            case _:
                raise Refused(501, f"{self.command} {self.path}")

    def _resumed(self, upload: str) -> None:
        """A piece of an upload: 'bytes FIRST-LAST/ALL', with '*' for what is not known yet."""
        if upload not in self.server.uploads:
            raise Refused(404, "no such upload")
        bucket, name, parts = self.server.uploads[upload]
        span, whole = re.fullmatch(r"bytes (.*)/(.*)", self.headers["Content-Range"]).groups()  # type: ignore[union-attr]
        if span != "*":
            parts[int(span.partition("-")[0])] = self.body
        data = b"".join(parts[first] for first in sorted(parts))
        if whole == str(len(data)):
            del self.server.uploads[upload]
            kept = self.server.keep(bucket, name, data, self.asked.get("ifGenerationMatch"))
            self._say(json.dumps(_described(bucket, name, kept)))
        else:
            self._say(status=308, headers={"Range": f"bytes=0-{len(data) - 1}"} if data else {})

    def _give(self, kept: Kept) -> None:
        data, status, headers = kept.data, 200, self._facts(kept)
        span = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if span and data:
            first = int(span[1]) if span[1] else max(0, len(data) - int(span[2]))
            if first >= len(data):
                raise Refused(416, "InvalidRange")
            last = min(int(span[2]) if span[1] and span[2] else len(data) - 1, len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            data, status = data[first : last + 1], 206
        self._say(data, status, headers)

    def _facts(self, kept: Kept) -> dict[str, str]:
        return {
            "ETag": kept.tag,
            "Last-Modified": formatdate(kept.when, usegmt=True),
            "x-goog-generation": str(kept.generation),
            "x-goog-stored-content-length": str(len(kept.data)),
        }

    def _say(self, data: str | bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = data.encode() if isinstance(data, str) else data
        self.send_response_only(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _iso(kept: Kept) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(kept.when))


def _described(bucket: str, name: str, kept: Kept) -> dict[str, Any]:
    return {
        **kept.about,
        "kind": "storage#object",
        "bucket": bucket,
        "name": name,
        "id": f"{bucket}/{name}/{kept.generation}",
        "generation": str(kept.generation),
        "metageneration": "1",
        "size": str(len(kept.data)),
        "etag": kept.tag.strip('"'),
        "md5Hash": base64.b64encode(hashlib.md5(kept.data).digest()).decode(),
        "updated": _iso(kept),
        "timeCreated": _iso(kept),
    }


if __name__ == "__main__":
    with Server("bucket") as served:
        sys.stdout.write(f"{served.server_port}\n")
        sys.stdout.flush()
        served.serve_forever()
