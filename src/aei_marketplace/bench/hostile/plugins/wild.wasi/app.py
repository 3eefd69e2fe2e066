"""A plugin that was built with WASI: it asks the system itself, not the host's interfaces."""

import json
import os
import socket
import sys
import time

import wit_world


class WitWorld(wit_world.WitWorld):
    """The world's implementation, under the name that componentize-py expects."""

    def run(self, task: str) -> str:
        """Do what the task names."""
        match json.loads(task)["do"]:
            case "sleep":
                time.sleep(3600)
            case "read passwords":
                with open("/etc/passwd") as file:
                    return json.dumps([file.read(), *os.listdir("/")])
            case "write root":
                with open("/x", "w") as file:
                    file.write("here")
            case "tell surroundings":
                return json.dumps({"environ": dict(os.environ), "argv": sys.argv[1:]})
            case "connect":
                with socket.socket() as line:
                    line.connect(("127.0.0.1", 22))
            case "look up":
                return json.dumps(str(socket.getaddrinfo("example.com", 443)))
            case "leave":
                os._exit(0)
            case "shout":
                for _ in range(100):
                    sys.stdout.write("x" * (1 << 20))
        return '"done"'
