"""Makes records.json: two records for the ledger of genesis.json, signed with ES256K and with Ed25519 (FORMATS, sections 1 and 2).

Each entry: alg, secret (hexadecimal), jwk, payload (the JSON text that was signed), jws (canonical: low S), high (the same signature
with its high S, ES256K only), id, hash and leaf (at leaf_time), with the disclosures that belong to it.
Both algorithms sign deterministically, so a signer must give these very bytes. Make again: python3 make_record.py
"""
import hashlib
import json

from primitives import b64u, flip_s, jcs, jwk, read, seed, sign, signing_input, write

LEAF_TIME_MS = 1795420545000


def disclosure(number, name, value):
    salt = b64u(hashlib.sha256(b"salt %d" % number).digest()[:16])
    return b64u(json.dumps([salt, name, value], separators=(",", ":"), ensure_ascii=False).encode())


def claims(ledger_id, issuer):
    return {
        "iss": issuer,
        "aud": ledger_id,
        "iat": 1795420543,
        "jti": b64u(hashlib.sha256(b"jti").digest()[:16]),
        "vct": "urn:qizheng:labour-contract:1",
        "doc": [
            {"alg": "sha-256", "digest": b64u(hashlib.sha256(b"a contract").digest())},
            {"alg": "sm3", "digest": b64u(hashlib.sha256(b"stands for its SM3").digest())},
        ],
        "tags": {"worker": {"d": "labour", "v": 1, "t": b64u(hashlib.sha256(b"tag").digest())}},
        "kind": "fixed",
        "start": "2026-11-01",
    }


def entry(alg, secret, payload, hidden):
    text = signing_input(alg, secret, "qizheng-record+sd-jwt", payload)
    sig = sign(alg, secret, text)
    jws = text + b"." + b64u(sig).encode()
    digest = hashlib.sha256(jws).digest()
    made = {
        "alg": alg,
        "secret": secret.hex(),
        "jwk": jwk(alg, secret),
        "payload": payload.decode(),
        "jws": jws.decode(),
        "id": hashlib.sha256(text).hexdigest(),
        "hash": digest.hex(),
        "leaf_time": LEAF_TIME_MS,
        "leaf": (b"\x01" + LEAF_TIME_MS.to_bytes(8, "big") + digest).hex(),
        "disclosures": hidden,
    }
    if alg == "ES256K":
        made["high"] = (text + b"." + b64u(flip_s(sig)).encode()).decode()
    return made


def main():
    hidden = [disclosure(1, "contract_no", "HT-2026-0001"), disclosure(2, "wage_amount", 850000)]
    ledger_id = read("genesis.id").decode().strip()
    first = dict(claims(ledger_id, "operator"), act="conclude", _sd_alg="sha-256")
    first["_sd"] = sorted(b64u(hashlib.sha256(d.encode()).digest()) for d in hidden)
    second = dict(claims(ledger_id, "registrar"), act="end", ref="ab" * 32)
    made = [entry("ES256K", seed("operator"), jcs(first), hidden), entry("Ed25519", seed("registrar"), jcs(second), [])]
    write("records.json", json.dumps(made, indent=1, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main()
