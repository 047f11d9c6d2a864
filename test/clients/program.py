"""Programs as they were written for rmb-peer in Python: lists of Redis and JSON, nothing else.

Usage: program.py call <redis url> <twin> <command> <payload>
       program.py serve <redis url> <command>
"""

import base64
import json
import sys
import time
import uuid

import redis


def call(client, twin, command, payload):
    queue = str(uuid.uuid4())
    message = {
        "ver": 1,
        "ref": "python-ref",
        "cmd": command,
        "exp": 60,
        "dat": base64.b64encode(payload.encode()).decode(),
        "tag": "",
        "dst": [twin],
        "ret": queue,
        "shm": "application/json",
        "now": int(time.time()),
    }
    client.lpush("msgbus.system.local", json.dumps(message))
    popped = client.blpop(queue, timeout=30)
    if popped is None:
        sys.exit("no answer")
    answer = json.loads(popped[1])
    if answer["err"] is not None:
        sys.exit("error: %d %s" % (answer["err"]["code"], answer["err"]["message"]))
    print("%s from %s: %s" % (answer["ref"], answer["src"], base64.b64decode(answer["dat"]).decode()))


def serve(client, command):
    print("serving", flush=True)
    while True:
        request = json.loads(client.blpop("msgbus." + command)[1])
        payload = base64.b64decode(request["dat"]).decode()
        response = {
            "ver": 1,
            "ref": request["ref"],
            "dst": request["src"],
            "now": int(time.time()),
            "dat": base64.b64encode(payload.upper().encode()).decode(),
            "shm": request["shm"],
        }
        if payload == "fail":
            response["err"] = {"code": 7, "message": "told to fail"}
        client.lpush(request["ret"], json.dumps(response))


if __name__ == "__main__":
    if sys.argv[1] == "call":
        call(redis.Redis.from_url(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
    else:
        serve(redis.Redis.from_url(sys.argv[2]), sys.argv[3])
