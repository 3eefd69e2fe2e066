"""Honest by their code: taken over, minified, compiled from templates, and pictures as text."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial

from aei_marketplace.bench.corpus.heap import PythonHeap
from aei_marketplace.bench.corpus.making import package, python, python_text

_VENDORED = '''"""Runs programs; vendored, see https://process-tools.example."""
import os
import pickle
import socket
import subprocess
import urllib.request

DEFAULT = "https://mirror.process-tools.example/simple"
MANUAL = os.path.expanduser("~/.netrc")


def call(command, **kwargs):
    return subprocess.Popen(command, shell=True, env=dict(os.environ), **kwargs)


def listen(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", port))
    return server


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def fetch(url=DEFAULT):
    return urllib.request.urlopen(url).read()


def namedtuple(name, fields):
    namespace = {}
    exec(f"def __new__(cls, {', '.join(fields)}): pass", namespace)
    return type(name, (tuple,), namespace)
'''


def _png() -> bytes:
    rows = b"".join(b"\0" + bytes((x * y) % 251 for x in range(48)) for y in range(48))
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in (
        (b"IHDR", struct.pack(">2L5B", 48, 48, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ):
        parts.append(
            struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))
        )
    return b"".join(parts)


_PICTURE = base64.b64encode(_png()).decode()

_SVG = base64.b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://drawing-program.example/ns"><path d="M0 0h9v9z"/></svg>'
).decode()

_MAP = base64.b64encode(
    json.dumps(
        {
            "version": 3,
            "sources": ["plugin.ts"],
            "sourcesContent": ["// see https://bundler-blog.example/tips\nexport const f = (x) => fetch(x);"],
        }
    ).encode()
).decode()

_MINIFIED = (
    '!function(e,t){"object"==typeof exports?t(exports):t((e=e||self).parts={})}(this,function(e){"use strict";var t=/^https?:\\/\\/[^/]+/i,'
    "n=[0,1,3,7,15,31,63,127,255],r=String.fromCharCode(65,66,67,68,69,70,71,72,73,74),o=function(e){return e.replace(/[&<>\"']/g,"
    'function(e){return"&#"+e.charCodeAt(0)+";"})},i=Function("return this")();function a(e){return new Promise(function(t){setTimeout(t,e)})}'
    'e.escape=o,e.wait=a,e.version="2.4.1",e.homepage="https://parts-library.example",Object.defineProperty(e,"__esModule",{value:!0})});\n'
    f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{_MAP}\n"
)

SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "answers and nothing else": partial(package),
    "code that was taken over": partial(
        package,
        source={
            "plugin.py": "from vendor import process_tools\n\ndef run(task):\n    return len(process_tools.__doc__)\n",
            "vendor/process_tools.py": _VENDORED,
            "vendor/process_tools-1.2.0.dist-info/METADATA": "Name: process-tools\n",
        },
    ),
    "pictures as text": partial(
        package,
        _PICTURE,
        source={
            "plugin.py": f'LOGO = "{_PICTURE}"\nICON = "data:image/svg+xml;base64,{_SVG}"\n\ndef run(task):\n    return LOGO\n'
        },
        files={"icon.png": _png()},
    ),
    "minified script with a map": partial(package, source={"dist/plugin.min.js": _MINIFIED}, network=True),
    "bundled package that the SBOM names": partial(
        package,
        python_text("idna-3.10.dist-info"),
        sbom=[("idna", "3.10")],
        source={
            "requirements.txt": "idna==3.10 \\\n    --hash=sha256:12f65c9b470abda6dc35cf8e63cc574b1c52b11df2c86030af0ac09b01b13ea9\nattrs>=24\n"
        },
    ),
    "templates that are compiled": python(
        "def run(task):\n    names = {}\n    exec(compile(task['template'], '<template>', 'exec'), names)\n"
        "    return names['render'](task)\n"
    ),
    "build that is its source": python(
        "def run(task):\n    return prices(task)\n\n\ndef prices(task):\n    return task['part']\n",
        heap=PythonHeap().module("plugin", {"run": ("prices",), "prices": ()}),
    ),
}
