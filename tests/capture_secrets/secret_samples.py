"""Secrets made up at run time, and what only looks like one.

Every secret is put together from pieces with a seeded generator, so that no scanner of a forge
finds one in this file.
"""

from __future__ import annotations

import base64
import json
import random
import string
import uuid

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = LOWER + UPPER + DIGITS
URL64 = ALNUM + "-_"
HEX = "0123456789abcdef"


class Maker:
    """Random text of given alphabets."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)

    def of(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choices(alphabet, k=count))

    def b64(self, count: int) -> str:
        return base64.b64encode(self.random.randbytes(count)).decode()

    def jwt(self) -> str:
        def part(value: object) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        return ".".join(
            (part({"alg": "HS256", "typ": "JWT"}), part({"sub": "7", "n": 1}), self.of(URL64, 43))
        )

    def pem(self, label: str, lines: int = 12) -> str:
        body = "\n".join(self.b64(48) for _ in range(lines))
        dashes = "-" * 5
        return f"{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}"


def secrets(seed: int = 1) -> list[tuple[str, str, str]]:
    """Return (kind, text around with one {}, secret): the text holds exactly this secret."""
    m = Maker(seed)
    key = "PRIVATE" + " KEY"
    return [
        ("aws-access-key", "aws configure set id {}", "AK" + "IA" + m.of(UPPER + "234567", 16)),
        ("aws-access-key", '"AccessKeyId": "{}",', "AS" + "IA" + m.of(UPPER + "234567", 16)),
        ("aws-secret-key", "export AWS_SECRET_ACCESS_KEY={}", "a1B" + m.of(ALNUM + "/+", 37)),
        ("aws-secret-key", '"SecretAccessKey" : "{}"', "a1B" + m.of(ALNUM + "/+", 37)),
        *(
            ("github-token", "git clone with {} done", f"gh{c}" + "_" + m.of(ALNUM, 36))
            for c in "pousr"
        ),
        ("github-token", "token: {}", "github" + "_pat_" + m.of(ALNUM, 22) + "_" + m.of(ALNUM, 59)),
        ("gitlab-token", "PRIVATE-TOKEN: {}", "gl" + "pat-" + m.of(URL64, 20)),
        ("huggingface-token", "login({})", "h" + "f_" + m.of(LOWER + UPPER, 34)),
        ("openai-key", "key {}", "s" + "k-" + m.of(ALNUM, 20) + "T3Blbk" + "FJ" + m.of(ALNUM, 20)),
        ("openai-key", "'{}'", "s" + "k-proj-" + m.of(URL64, 120)),
        ("openai-key", "'{}'", "s" + "k-" + m.of(ALNUM, 48)),
        ("anthropic-key", "x-api-key: {}", "s" + "k-ant-" + "api03-" + m.of(URL64, 93) + "AA"),
        ("wandb-key", "export WANDB_API_KEY={}", m.of(HEX, 40)),
        ("wandb-key", '"WANDB_API_KEY": "{}"', m.of(HEX, 40)),
        ("slack-token", "bot {}", "xox" + "b-" + m.of(DIGITS, 12) + "-" + m.of(ALNUM, 24)),
        (
            "webhook",
            "https://hooks.slack.com/services/{}",
            "T" + m.of(UPPER + DIGITS, 8) + "/B" + m.of(UPPER + DIGITS, 8) + "/" + m.of(ALNUM, 24),
        ),
        (
            "webhook",
            "https://discord.com/api/webhooks/{}",
            m.of(DIGITS, 18) + "/" + m.of(URL64, 68),
        ),
        ("stripe-key", "stripe {}", "sk" + "_live_" + m.of(ALNUM, 24)),
        ("stripe-key", "stripe {}", "rk" + "_live_" + m.of(ALNUM, 24)),
        ("google-api-key", "&key={}&", "AI" + "za" + m.of(URL64, 35)),
        ("google-oauth-token", "token {} ", "ya" + "29." + m.of(ALNUM, 60)),
        ("azure-key", "EndpointSuffix=x;AccountName=n;AccountKey={}", m.b64(64)),
        ("azure-key", "Endpoint=sb://x/;SharedAccessKey={};", m.b64(32)),
        (
            "azure-sas",
            "https://a.blob.core.windows.net/c?sv=2022-11-02&sp=r&sig={}",
            m.of(ALNUM, 20) + "%2B" + m.of(ALNUM, 20) + "%3D",
        ),
        ("pypi-token", "password = {}", "pypi-" + "AgEIcHlwaS5vcmc" + m.of(URL64, 150)),
        ("npm-token", "//registry.npmjs.org/:_authToken={}", "np" + "m_" + m.of(ALNUM, 36)),
        ("digitalocean-token", "do {}", "dop" + "_v1_" + m.of(HEX, 64)),
        (
            "telegram-token",
            "https://api.telegram.org/bot{}/getMe",
            m.of("123456789", 10) + ":A" + "A" + m.of(URL64, 33),
        ),
        (
            "discord-token",
            "bot.run({})",
            base64.b64encode(m.of("123456789", 18).encode()).decode()
            + "." + m.of(ALNUM, 6) + "." + m.of(URL64, 30),
        ),
        ("sendgrid-key", "mail {}", "S" + "G." + m.of(ALNUM, 22) + "." + m.of(ALNUM, 43)),
        ("twilio-key", "sid {}", "S" + "K" + m.of(HEX, 32)),
        ("databricks-token", "dbx {}", "da" + "pi" + m.of(HEX, 32)),
        ("docker-token", "hub {}", "dckr" + "_pat_" + m.of(ALNUM, 27)),
        ("kaggle-key", '{{"username": "someone", "key": "{}"}}', m.of(HEX, 32)),
        ("jwt", "cookie={};", m.jwt()),
        *(
            ("private-key", "x\n{}\ny", m.pem(f"{label}{key}"))
            for label in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")
        ),
        (
            "private-key",
            '{{"type": "service_account", "private_key": "{}\\n"}}',
            m.pem(key).replace("\n", "\\n"),
        ),
        (
            "private-key",
            "{}",
            m.pem("RSA " + key).replace(
                "-\n", "-\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\n", 1
            ),
        ),
        ("private-key", "{}", m.pem("PGP " + key + " BLOCK").replace("-\n", "-\nVersion: 1\n\n", 1)),
        ("url-password", "postgres://someone:{}@db.internal:5432/x", m.of(ALNUM, 12)),
        ("url-password", "https://x-access-token:{}@forge.test/a.git", m.of(ALNUM, 20)),
        ("url-password", "redis://:{}@host/0", m.of(ALNUM, 16)),
        ("authorization", "curl -H 'Authorization: Bearer {}'", m.of(ALNUM, 40)),
        (
            "authorization",
            '"Authorization": "Basic {}"',
            base64.b64encode(f"user:{m.of(ALNUM, 14)}".encode()).decode(),
        ),
        ("netrc-password", "machine example.org login me password {}", m.of(ALNUM, 12)),
        ("password", 'db_password = "{}"', "aB3$" + m.of(ALNUM + "!#%&", 12)),
        ("password", "passphrase: '{}'", "aB3!" + m.of(ALNUM, 10)),
        ("assigned-secret", 'client_secret = "{}"', "aB3" + m.of(ALNUM, 29)),
        ("assigned-secret", '"api_key": "{}"', "aB3" + m.of(ALNUM, 29)),
        ("assigned-secret", "AUTH_TOKEN: '{}'", "aB3" + m.of(ALNUM, 37)),
    ]  # fmt: skip


HEADS_AFTER = ["", "\n", " ", "=", '"', "'", "\\n", "%3D", "\x1b[31m", "(", ",", ":", "\t", "/"]
"""What may stand right before a token that is known by its own prefix."""


def lookalikes(seed: int = 2) -> list[str]:
    """Return text that no scan may complain about."""
    m = Maker(seed)
    dashes, key = "-" * 5, "PRIVATE" + " KEY"
    return [
        *(m.of(HEX, 40) for _ in range(20)),
        *(m.of(HEX, 64) for _ in range(20)),
        *(str(uuid.UUID(bytes=m.random.randbytes(16), version=4)) for _ in range(20)),
        f"commit {m.of(HEX, 40)}\nAuthor: A <a@example.org>",
        f"sha256:{m.of(HEX, 64)}",
        f"cache_token = '{m.of(HEX, 40)}'",
        "data:image/png;base64," + m.b64(30_000),
        "data:image/png;base64," + base64.urlsafe_b64encode(m.random.randbytes(30_000)).decode(),
        "\n".join(m.b64(57) for _ in range(2000)),
        "The quick brown fox has a password, a secret and a token; the key is under the mat. " * 50,
        'password = "changeme"', 'password = "your-password-here"', 'password="********"',
        'password = "${DB_PASSWORD}"', "password: <password>", 'password = "{{ secret }}"',
        'password = getpass.getpass("Password: ")', "passwd = os.environ['DB_PASSWD']",
        'api_key = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"', 'api_key="YOUR_API_KEY_GOES_RIGHT_HERE"',
        'token = "train_loss_epoch_mean_value_1"', 'token: "<|end_of_text|>"',
        'secret = "this is a sentence with Many words 12"',
        "AK" + "IA" + "IOSFODNN7EXAMPLE", "AKIA", "AKIAxxxxxxxxxxxxxxxx",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "gh" + "p_" + "x" * 36, "ghp_your_token_here", "gh" + "p_" + "a" * 36,
        "h" + "f_" + "x" * 34, "hf_hub_download_with_retries_enabled", "hf_transformers_model_for_causal_lm_",
        "sk-learn-contrib-imbalanced-learn-examples", "s" + "k-" + "x" * 48, "sk-...",
        "npm_config_registry_and_some_more_words", "pypi-server", "glpat-xxxxxxxxxxxxxxxxxxxx",
        "SG.xxx.yyy", "dapi", "xoxb-your-token", "xox" + "b-not-a-real-token-at-all",
        "https://user:password@example.org/", "https://user:pass@host/", "http://user:***@host",
        "postgres://user:${PASSWORD}@host/db", "http://{user}:{password}@host", "https://a:b@c",
        "https://example.org/a:b/c@d", "http://[::1]:8080/x@y", "ssh://git@github.com/a/b.git",
        "git@github.com:a/b.git", "https://host:8080/p?q=a@b", "mailto:someone@example.org",
        "Authorization: Bearer <token>", "Authorization: Bearer ${TOKEN}", "Authorization: Basic",
        "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE", "authorization: basic credentials",
        f"{dashes}BEGIN {key}{dashes}\n...\n{dashes}END {key}{dashes}",
        f"{dashes}BEGIN PUBLIC KEY{dashes}\n{m.b64(48)}\n{m.b64(48)}\n{dashes}END PUBLIC KEY{dashes}",
        f"{dashes}BEGIN CERTIFICATE{dashes}\n{m.b64(48)}\n{m.b64(48)}\n{dashes}END CERTIFICATE{dashes}",
        f"if '{dashes}BEGIN RSA {key}{dashes}' in text: raise",
        "eyJhbGciOiJIUzI1NiJ9", "eyJub3QiOiJhIGp3dCBoZWFkZXIifQ.eyJhIjoxLCJiIjoyLCJjIjozfQ.abcdefghijklmnop",
        "WANDB_API_KEY=", "WANDB_API_KEY: ${{ secrets.WANDB_API_KEY }}", "wandb run 1a2b3c4d",
        "function(e){var t=e.token||e.secret,n=e.password;return t?{token:t,secret:n}:null}" * 50,
        '!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?t(exports):0}(this)' * 50,
        '{"tokenizer": "WordPieceTokenizerFast2Ab", "pad_token": "[PAD]", "eos_token_id": 50256}',
        '"integrity": "sha512-' + m.b64(64) + '"',
        'digest = "sha256-' + m.b64(32) + '"',
        "run_id=0198c0de-7abc-7def-8123-456789abcdef", "2026-11-20T19:57:11.123456Z " * 40,
        "checkpoint_epoch_0012_val_loss_0.1234_model.safetensors",
        "&sig=abc", "Key=value", "AccountKey=<key>", "AccountKey=${AZURE_KEY}",
        "login me password <password>", "login alice password changeme",
        f"git+https://github.com/a/b.git@{m.of(HEX, 40)}#egg=b",
        "/home/someone/experiments/2026/checkpoints/AlphaBetaGamma_v12/model-00001-of-00002.bin",
        "MODEL_REGISTRY_DEFAULT_ENTRYPOINT_2024", "ThisIsAVeryLongCamelCaseClassNameForTesting1",
    ]  # fmt: skip
