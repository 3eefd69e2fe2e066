"""Names of dependencies that are mistaken for others: near a popular one, or of somebody's private house."""

import re
from collections.abc import Mapping

from aei_inspection.content.words import words

#: What most projects depend on, by ecosystem as OSV spells it. Written down from common knowledge, short on
#: purpose: a name is confused with what everybody knows.
POPULAR: Mapping[str, frozenset[str]] = {
    "PyPI": words(
        """
    requests urllib3 certifi idna charset-normalizer chardet six numpy pandas scipy matplotlib
    scikit-learn pillow opencv-python tensorflow torch torchvision transformers tokenizers
    huggingface-hub datasets openai anthropic langchain llama-index tiktoken nltk spacy gensim
    sentencepiece beautifulsoup4 lxml html5lib selenium scrapy playwright flask django fastapi
    starlette uvicorn gunicorn tornado aiohttp httpx httpcore websockets sqlalchemy psycopg2
    psycopg2-binary asyncpg pymysql pymongo redis celery kombu boto3 botocore s3transfer awscli
    google-api-core google-auth google-cloud-storage azure-core azure-storage-blob cryptography
    pycryptodome pyopenssl paramiko bcrypt pyjwt oauthlib requests-oauthlib pyyaml toml tomli
    jsonschema pydantic pydantic-core attrs marshmallow click typer rich colorama tqdm loguru
    python-dateutil pytz tzdata arrow pendulum packaging setuptools wheel pip virtualenv poetry
    pytest coverage mock tox black flake8 pylint mypy ruff isort jinja2 markupsafe werkzeug
    itsdangerous markdown pygments docutils sphinx protobuf grpcio msgpack orjson ujson simplejson
    simpleeval python-dotenv psutil filelock platformdirs cffi pycparser typing-extensions
    importlib-metadata zipp networkx sympy statsmodels seaborn plotly bokeh dash streamlit gradio
    openpyxl xlrd xlsxwriter python-docx pypdf pypdf2 reportlab pyarrow fastparquet dask numba
    cython joblib xgboost lightgbm keras regex ftfy faker tenacity cachetools ipython jupyter
    notebook discord discord-py python-telegram-bot tweepy stripe twilio sendgrid slack-sdk web3
    termcolor tabulate unidecode wcwidth pexpect docker kubernetes ansible fabric pywin32 xmltodict
    defusedxml
    """
    ),
    "npm": words(
        """
    react react-dom vue angular svelte next nuxt express koa fastify axios node-fetch got request
    lodash underscore moment dayjs date-fns async bluebird rxjs chalk commander yargs inquirer ora
    debug dotenv uuid nanoid classnames prop-types redux react-redux react-router react-router-dom
    styled-components tailwindcss postcss autoprefixer webpack rollup vite esbuild babel-core
    typescript eslint prettier jest mocha chai sinon cypress puppeteer playwright jquery bootstrap
    d3 three chart.js socket.io ws mongoose mongodb mysql mysql2 pg redis sequelize knex prisma
    jsonwebtoken bcrypt bcryptjs passport cors helmet body-parser cookie-parser multer sharp
    nodemailer winston morgan pino cross-env rimraf glob minimist semver fs-extra mkdirp cheerio
    jsdom marked handlebars ejs pug colors event-stream ua-parser-js left-pad validator joi zod ajv
    yup immutable immer openai discord.js ethers web3 aws-sdk firebase electron nodemon concurrently
    husky lint-staged crypto-js qs form-data iconv-lite mime papaparse xlsx
    """
    ),
    "crates.io": words(
        """
    serde serde_json tokio reqwest hyper clap anyhow thiserror rand regex log env_logger tracing
    chrono lazy_static once_cell syn quote proc-macro2 libc bytes futures async-trait axum actix-web
    rayon itertools uuid url base64 sha2 ring rustls openssl diesel sqlx tempfile walkdir num-traits
    bitflags rustdecimal rust_decimal crossbeam
    """
    ),
    "Go": words(
        """
    github.com/stretchr/testify github.com/spf13/cobra github.com/spf13/viper
    github.com/gin-gonic/gin github.com/gorilla/mux github.com/sirupsen/logrus github.com/pkg/errors
    github.com/google/uuid github.com/golang/protobuf github.com/aws/aws-sdk-go
    github.com/boltdb/bolt github.com/prometheus/client_golang
    """
    ),
}
#: Names near each other, both honest.
_HONEST_NEIGHBOURS = words(
    """
    mock mok moto click clicks rich riche pytest-mock attr attrs toml tomli tomlkit httpx httpcore
    request requests-cache preact react-is redux-thunk vuex vite vitest yarg yargs-parser dayjs
    pyjwt jwt pypdf pypdf3 pypdf2 idna pandas-stubs types-requests boto boto3-stubs aiohttp-cors
    pydantic-settings urllib2 discord flask-cors numpy-stl mysql mysql2 glob-parent ws uws pg-pool
    authlib psycopg psycopg-binary cattrs pymssql ijson hjson python-box tokenize-rt tensorflowjs
    cchardet httpr spython usort gsutil dataset azureml-core docker-py willow dydantic
    msgpack-python unicorn google-reauth simpy gaxios enquirer postcss-js colord dargs mquery
    aws-cdk jsdoc tslint mssql node-watch vasync mimer koa knex next nuxt ora got qs ajv pug chai
    ejs colors color colour celery jinja markdown2 markdown-it-py ruamel-yaml tox nox dash dask
    bcrypt scrypt scipy scapy torch torchx keras kera lxml xlrd xlwt redis redis-py rq arq numba
    numpydoc regex tabulate mypy mysqlclient pyyaml pyaml oyaml black pip pipx zipp zip pylint pytz
    rollup six sixer joblib gradio rand log url syn ring pycrypto pycryptodomex sentencepiece typer
    typed typing lodash-es lodash.merge moment-timezone axios-retry crypto-js crypt
    node-fetch-native fastify-plugin
    """
)
_SHORTEST = 5
_PRIVATE = re.compile(
    r"(?:^|[-_./@])(internal|private|corp|intranet|inhouse|in-house|company|proprietary)(?:$|[-_./])"
)
_TAGS = words("python python3 py py3 js node nodejs lib official original secure fixed new latest")
_SHORT_NAME = 6
#: Characters that are read as others.
_LOOKALIKES = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e", "@": "a", "$": "s"})


def mistaken_for(ecosystem: str, name: str) -> str | None:
    """The popular name that a name is near to, or None: itself popular, honest, or far from all.

    Args:
        ecosystem: as OSV spells it.
    """
    popular = POPULAR.get(ecosystem, frozenset())
    folded = folded_name(name)
    if (
        folded in {folded_name(known) for known in popular}
        or folded in _HONEST_NEIGHBOURS
        or len(folded) < _SHORTEST
    ):
        return None
    for known in sorted(popular):
        if len(known) >= _SHORTEST and _near(folded, folded_name(known)):
            return known
    return None


def sounds_private(name: str) -> bool:
    """Whether a name says that it is an organisation's own: such a one can be taken by anybody in public."""
    return bool(_PRIVATE.search(name.lower()))


def folded_name(name: str) -> str:
    """A name as it is compared: lower case, one kind of separator."""
    return re.sub(r"[-_.]+", "-", name.lower())


def _near(name: str, known: str) -> bool:
    if name.replace("-", "") == known.replace("-", "") and name != known:
        return True
    if name.translate(_LOOKALIKES) == known.translate(_LOOKALIKES):
        return True
    if _affixed(name, known):
        return True
    longest = 1 if len(known) < 8 else 2
    if abs(len(name) - len(known)) > longest:
        return False
    distance = _distance(name, known)
    # Two changes in a long name, if at least its beginning is the same.
    return distance == 1 or (distance == 2 and len(known) >= 10 and name[:3] == known[:3])


def _affixed(name: str, known: str) -> bool:
    """The popular one with a tag that says nothing: `python-requests`, `requests-py`, `requests3`."""
    if re.fullmatch(re.escape(known) + r"\d", name):
        return len(known) > _SHORT_NAME and not known[-1].isdigit()
    before, found, after = name.partition(known)
    tag = before or after
    apart = "-" in (before[-1:], after[:1]) or len(tag) > _SHORTEST
    return bool(found) and not (before and after) and apart and tag.strip("-") in _TAGS


def _distance(one: str, other: str) -> int:
    """Edits between two names, neighbours changing places being one (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
