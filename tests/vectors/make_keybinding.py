"""Makes keybinding.json: records that name a holder's key, presented with key binding (RFC 9901, section 4.3), for holders with ES256K and Ed25519.

Each entry: alg and secret (hexadecimal) of the holder, presentation (`<record>~<disclosure>~...~`), aud, nonce, iat, kb (the KB-JWT), and kb_high (its
high S, ES256K only). Both algorithms sign deterministically, so a signer must give these very bytes. Make again: python3 make_keybinding.py

rfc9901.txt is the presentation of RFC 9901, section 5.2: an ES256 holder's, and no record of ours.
"""
import hashlib
import json

from make_record import claims, disclosure
from primitives import b64u, flip_s, jcs, jwk, read, seed, sign, signing_input, write

AUD, NONCE, IAT = "https://court.example/cases/1", "4f2a9c", 1795500000


def compact(alg, secret, text):
    return (text + b"." + b64u(sign(alg, secret, text)).encode()).decode()


def record(holder, hidden):
    payload = dict(claims(read("genesis.id").decode().strip(), "operator"), act="conclude", cnf={"jwk": holder})
    if hidden:
        payload["_sd"] = sorted(b64u(hashlib.sha256(d.encode()).digest()) for d in hidden)
        payload["_sd_alg"] = "sha-256"
    secret = seed("operator")
    return compact("ES256K", secret, signing_input("ES256K", secret, "qizheng-record+sd-jwt", jcs(payload)))


def entry(alg, hidden, shown):
    secret = seed("holder " + alg)
    presentation = "~".join([record(jwk(alg, secret), hidden)] + shown) + "~"
    digest = b64u(hashlib.sha256(presentation.encode("ascii")).digest())
    payload = {"iat": IAT, "aud": AUD, "nonce": NONCE, "sd_hash": digest}
    text = (b64u(jcs({"alg": alg, "typ": "kb+jwt"})) + "." + b64u(jcs(payload))).encode()
    made = {"alg": alg, "secret": secret.hex(), "presentation": presentation, "aud": AUD, "nonce": NONCE, "iat": IAT}
    made["kb"] = compact(alg, secret, text)
    if alg == "ES256K":
        made["kb_high"] = (text + b"." + b64u(flip_s(sign(alg, secret, text))).encode()).decode()
    return made


def main():
    hidden = [disclosure(1, "contract_no", "HT-2026-0001"), disclosure(2, "wage_amount", 850000)]
    made = [entry("ES256K", hidden, hidden[1:]), entry("Ed25519", hidden, hidden), entry("Ed25519", [], [])]
    write("keybinding.json", json.dumps(made, indent=1, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main()
