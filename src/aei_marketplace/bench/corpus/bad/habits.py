"""Bad by secrets, names of dependencies, loops and habits."""

import base64
from functools import partial

from aei_marketplace.bench.corpus.bad.parts import AWS, GITHUB, KEY, STRANGER, bad
from aei_marketplace.bench.corpus.making import package, python, python_text, script

_LOOP = """(func $mix (param $n i64) (result i64) (local $h i64) (local.set $h (i64.const 7))
  (loop $again
    (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 13)) (local.get $n)))
    (local.set $h (i64.mul (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29))) (i64.const 31)))
    (local.set $h (i64.xor (i64.rotr (local.get $h) (i64.const 7)) (i64.shl (local.get $n) (i64.const 3))))
    (local.set $n (i64.sub (local.get $n) (i64.const 1)))
    (br_if $again (i64.ne (local.get $n) (i64.const 0))))
  (local.get $h))"""


SAMPLES = (
    *bad("secrets", "private-key", embedded_key=partial(package, KEY)),
    *bad("secrets", "aws-access-key", key_of_a_cloud=python(f"KEY = '{AWS}'\n")),
    *bad(
        "secrets",
        "github-token",
        token_in_two_pieces=python(f"TOKEN = '{GITHUB[:4]}' + '{GITHUB[4:]}'\n"),
        token_in_the_sources=script(f"const token = '{GITHUB}';\n"),
        token_in_base64=partial(package, base64.b64encode(f"token={GITHUB}".encode())),
    ),
    *bad(
        "secrets",
        "password-in-url",
        password_of_a_database=python("DSN = 'postgresql://shop:9xKq27LmVb@db1.acme.example/shop'\n"),
    ),
    *bad(
        "dependency-names",
        "typosquat",
        dependency_named_almost_like_another=partial(
            package, source={"requirements.txt": "reqeusts==2.32.0\nidna==3.10\n"}
        ),
        embedded_package_named_almost_like_another=partial(
            package, python_text("numpyy-2.1.0.dist-info"), sbom=[("numpyy", "2.1.0")]
        ),
        dependency_of_a_script_named_almost_like_another=partial(
            package, source={"package.json": '{"dependencies": {"lodahs": "^4.17.0"}}'}
        ),
    ),
    *bad(
        "dependency-names",
        "other-index",
        packages_from_another_index=partial(
            package,
            source={"requirements.txt": f"--extra-index-url https://{STRANGER}/simple\nacme-parts==1.0\n"},
        ),
    ),
    *bad(
        "dependency-names",
        "dependency-confusion",
        name_that_anybody_can_take=partial(
            package,
            source={"pyproject.toml": '[project]\nname = "p"\ndependencies = ["acme-internal-auth>=1"]\n'},
        ),
    ),
    *bad(
        "work-loops",
        "mixing-loop",
        loop_like_that_of_a_miner=partial(
            package,
            module=_LOOP,
            body="(drop (call $mix (i64.const 9))) (call $ok (i32.const 0) (i32.const 0))",
        ),
    ),
    *bad(
        "source-analysis", "S102", task_that_is_run_as_code=python("def run(task):\n    exec(task['code'])\n")
    ),
    *bad(
        "source-analysis",
        "S301",
        task_that_is_unpickled=python("import pickle\n\ndef run(task):\n    return pickle.loads(task)\n"),
    ),
)
