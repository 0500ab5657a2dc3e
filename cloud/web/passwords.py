"""Passwords: how they are kept, and which ones can be. argon2 lives here.

Kept as argon2id with what OWASP's cheat sheet on password storage asks for: 19 MiB, two rounds, one lane. Hashes of
before are scrypt's; they are still known, and replaced when their owner signs in. Nothing here logs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

KIB, ROUNDS, LANES = 19_456, 2, 1
KIB_MAX, ROUNDS_MAX = 2**20, 16
"""A hash that would cost more than this was not made here."""
LENGTH_MIN, LENGTH_MAX = 12, 128
LEFT_MIN = 4
"""Characters that a password has beside its owner's name, however often that stands in it."""
_HASHER = PasswordHasher(ROUNDS, KIB, LANES, hash_len=32, salt_len=16, type=Type.ID)


def one_time() -> str:
    """A password for somebody to begin with: 96 random bits."""
    return secrets.token_urlsafe(12)


def flaw(name: str, password: str) -> str:
    """Why this can not be somebody's new password, in a sentence; "" where it can."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters, and this one has {len(password)}"
    plain = password.casefold()
    if name and len(plain.replace(name.casefold(), "").strip()) < LEFT_MIN:
        return "this is little more than the name, which everybody knows"
    if len(set(plain)) < 4 or (plain * 2).find(plain, 1) < len(plain):
        return "this repeats a few characters, and is guessed at once"
    return ""


def hash_password(password: str) -> str:
    """A new salted argon2id hash, as PHC strings have it."""
    return _HASHER.hash(password)


def nobodys() -> str:
    """A hash as costly to check as any, which was made of no password."""
    grain, key = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={KIB},t={ROUNDS},p={LANES}${grain}${key}"


def verify_password(password: str, password_hash: str) -> bool:
    """Whether the hash was made of that password. Raises `ValueError` on a broken hash."""
    if password_hash.startswith("scrypt$"):
        return _is_scrypts(password, password_hash)
    try:
        cost = extract_parameters(password_hash)
        if cost.memory_cost > KIB_MAX or cost.time_cost > ROUNDS_MAX:
            raise ValueError("password hash of unheard-of cost; set the password again")
        return _HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        raise ValueError("password hash of unknown scheme; set the password again") from None


def is_worn(password_hash: str) -> bool:
    """Whether a hash is of another kind or cost than those made now."""
    return not password_hash.startswith("$argon2id$") or _HASHER.check_needs_rehash(password_hash)


def _is_scrypts(password: str, password_hash: str) -> bool:
    """`scrypt$log2_n$r$p$salt$hash` (RFC 7914), the last two in base64; compared in constant time."""
    _, log2_n, r, p, salt, key = password_hash.split("$")
    n, block, lanes = 2 ** min(int(log2_n), 60), int(r), int(p)
    if not (2 <= n <= 2**17 and 1 <= block <= 16 and 1 <= lanes <= 16):
        raise ValueError(f"password hash of unheard-of cost 2^{log2_n}, {r}, {p}; set the password again")
    memory, grain = 128 * block * (n + lanes + 2), base64.b64decode(salt)
    made = hashlib.scrypt(password.encode(), salt=grain, n=n, r=block, p=lanes, maxmem=memory, dklen=32)
    return hmac.compare_digest(made, base64.b64decode(key))
