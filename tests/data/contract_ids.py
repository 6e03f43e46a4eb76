"""Check digits, calendar months and a portable random source for synthetic labour contracts.

Why: the sample data must pass the rules that test real numbers, and belong to nobody.

Invariants
1. No resident number made here can be anybody's: its region is 999999, which GB/T 2260 never
   assigned. Its date exists and its check digit is right (GB 11643-1999), so that the rules and the
   `personal_field` refusal see what they would see in life.
2. No organisation code made here can be anybody's: region 999999 again, and an organisation part
   that reads FAKE0001, FAKE0002, ... Both of its check digits are right (GB 11714, GB 32100).
3. The same seed gives the same numbers on every Python: only random.Random.random() is used, the
   one method whose sequence the library promises to keep.
"""

import datetime
import random

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: without I, O, S, V, Z
USCC_PREFIX = "91"  # registered by market regulation; an enterprise
NOBODYS_REGION = "999999"

ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997


class Source:
    """Seeded numbers. One source for each contract: a larger set does not change a smaller one."""

    def __init__(self, *seed):
        self._random = random.Random("/".join(str(part) for part in seed))

    def below(self, count):
        """An integer in [0, count)."""
        return int(self._random.random() * count)

    def between(self, low, high):
        """An integer in [low, high]."""
        return low + self.below(high - low + 1)

    def pick(self, choices):
        return choices[self.below(len(choices))]


def uscc_check(first17):
    """Check character of a unified social credit code (GB 32100-2015): mod 31, weights 3^(i-1)."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def organisation_check(first8):
    """Check character of an organisation code (GB 11714-1997): 10 is X, 11 is 0."""
    total = sum(ORGANISATION_ALPHABET.index(c) * w for c, w in zip(first8, ORGANISATION_WEIGHTS))
    return "0123456789X0"[11 - total % 11]


def uscc_fake(number):
    """The 18-character code of synthetic employer `number` (1 to 9999)."""
    if not 1 <= number <= 9999:
        raise ValueError(f"employer number {number} is not in 1..9999")
    organisation = f"FAKE{number:04d}"
    first17 = USCC_PREFIX + NOBODYS_REGION + organisation + organisation_check(organisation)
    return first17 + uscc_check(first17)


def resident_check(first17):
    """Check character of a resident number (GB 11643-1999): ISO 7064 MOD 11-2."""
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first17))
    return "10X98765432"[total % 11]


def resident_fake(born, order):
    """The 18-character number of a synthetic worker: nobody's region, `order` in 1..999."""
    if not 1 <= order <= 999:
        raise ValueError(f"order code {order} is not in 1..999")
    first17 = f"{NOBODYS_REGION}{born:%Y%m%d}{order:03d}"
    return first17 + resident_check(first17)


def add_months(day, months):
    """The corresponding day, or the last day of that month (Civil Code Art 202)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = datetime.date(year + (month0 == 11), (month0 + 1) % 12 + 1, 1)
    last = (following - datetime.timedelta(days=1)).day
    return datetime.date(year, month0 + 1, min(day.day, last))


def term_end(start, months):
    """Last day, included, of a term of `months` that includes its first day: 自 start 起至 ... 止."""
    return add_months(start, months) - datetime.timedelta(days=1)


def probation_max(kind, form, months):
    """Lawful probation in months (Labour Contract Law Art 19, 70); `months` is None if open."""
    if form == "part" or kind == "task":
        return 0
    if kind == "open" or months >= 36:
        return 6
    if months < 3:
        return 0
    return 1 if months < 12 else 2
