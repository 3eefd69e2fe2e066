"""Hosts that code names without ever asking them: documentation, licences, schemas, namespaces.

Only names below which nobody can put something of their own; where everybody can (code hosts, object stores,
pages of users), the path decides.
"""

import re

from aei_inspection.content.words import words

_DOCUMENTATION = words(
    """
    python.org readthedocs.io readthedocs.org w3.org json.org ietf.org rfc-editor.org
    iana.org ecma-international.org tc39.es whatwg.org unicode.org iso.org wikipedia.org
    wikimedia.org wikidata.org mozilla.org caniuse.com apache.org gnu.org opensource.org spdx.org
    creativecommons.org choosealicense.com fsf.org unlicense.org eclipse.org json-schema.org
    schema.org openapis.org xmlsoap.org openxmlformats.org oasis-open.org purl.org dublincore.org
    xml.org cyclonedx.org relaxng.org docbook.org ogc.org opengis.net sitemaps.org ogp.me
    rssboard.org jsonfeed.org numpy.org scipy.org pydata.org scikit-learn.org matplotlib.org
    sympy.org pytorch.org tensorflow.org keras.io jax.dev arxiv.org doi.org acm.org ieee.org
    springer.com nature.com jstor.org psu.edu mit.edu stanford.edu berkeley.edu cmu.edu nist.gov
    nih.gov loc.gov stackoverflow.com stackexchange.com npmjs.com nodejs.org reactjs.org react.dev
    vuejs.org angular.io jquery.com lodash.com babeljs.io eslint.org typescriptlang.org
    rust-lang.org docs.rs golang.org go.dev llvm.org webassembly.org bytecodealliance.org
    sqlite.org postgresql.org mysql.com mongodb.org redis.io openssl.org zlib.net libpng.org ijg.org
    kernel.org debian.org ubuntu.com man7.org freedesktop.org linuxfoundation.org semver.org
    keepachangelog.com contributor-covenant.org conventionalcommits.org commonmark.org
    daringfireball.net palletsprojects.com jinja.palletsprojects.com djangoproject.com
    fastapi.tiangolo.com pydantic.dev attrs.org hynek.me sphinx-doc.org jupyter.org anaconda.com
    conda.io cython.org pypa.io setuptools.pypa.io numfocus.org swtch.com citeseerx.ist.psu.edu
    zgp.org planetpublish.com 2ality.com quirksmode.org crockford.com underscorejs.org
    """
) | {
    ".".join(pieces) for pieces in (("pypi", "org"), ("crates", "io"))
}  # no file names an index's host whole
#: Documentation of companies that serve other things too: exactly these.
_EXACT = words(
    """
    docs.microsoft.com learn.microsoft.com msdn.microsoft.com schemas.microsoft.com go.microsoft.com
    developer.apple.com www.apple.com developers.google.com developer.chrome.com web.dev
    cloud.google.com code.google.com docs.aws.amazon.com docs.github.com github.blog docs.gitlab.com
    developer.mozilla.org ns.adobe.com www.adobe.com platform.openai.com docs.anthropic.com
    www.oracle.com docs.oracle.com java.sun.com www.iso.org www.ecma-international.org
    web.archive.org www.example.com example.com example.org example.net www.example.org
    www.example.net fb.me feross.org git.io
    """
)
_CODE_HOSTS = frozenset(
    {
        "github.com",
        "www.github.com",
        "gitlab.com",
        "bitbucket.org",
        "codeberg.org",
        "sr.ht",
        "gist.github.com",
    }
)
#: Paths below which code hosts give files instead of pages about them.
_FILES = re.compile(
    r"/(raw|releases/download|archive|zipball|tarball|downloads?|-/raw|-/archive)(/|$)", re.IGNORECASE
)

#: Services to which anybody sends, and from which anybody fetches, without a name.
DROPS = words(
    """
    pastebin.com hastebin.com rentry.co paste.ee ghostbin.com dpaste.com controlc.com termbin.com
    ix.io sprunge.us transfer.sh file.io 0x0.st anonfiles.com gofile.io catbox.moe bashupload.com
    temp.sh tmpfiles.org webhook.site requestbin.com requestbin.net hookbin.com requestcatcher.com
    beeceptor.com pipedream.net postb.in burpcollaborator.net oastify.com interact.sh oast.fun
    oast.pro oast.live oast.site oast.online oast.me dnslog.cn ceye.io canarytokens.com iplogger.org
    grabify.link ngrok.io ngrok.app ngrok-free.app loca.lt trycloudflare.com serveo.net duckdns.org
    raw.githubusercontent.com gist.githubusercontent.com cdn.discordapp.com
    """
)
#: Chats that plugins may honestly write to, if they say so.
CHATS = frozenset(
    {"discord.com", "discordapp.com", "api.telegram.org", "hooks.slack.com", "webhook.office.com"}
)


def is_reference(host: str, path: str) -> bool:
    """Whether a URL leads to something to read, or is a mere name of a schema or namespace."""
    if host in _CODE_HOSTS:
        return not _FILES.search(path)
    return (
        host in _EXACT
        or host in _DOCUMENTATION
        or any(host.endswith("." + known) for known in _DOCUMENTATION if "." in known)
    )


def is_among(host: str, services: frozenset[str]) -> bool:
    """Whether a host is one of some services, or below one."""
    labels = host.split(".")
    return any(".".join(labels[place:]) in services for place in range(len(labels) - 1))
