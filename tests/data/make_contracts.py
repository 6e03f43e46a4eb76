#!/usr/bin/env python3
"""Makes synthetic electronic labour contracts: PDF files and the claims to notarize them with.

EVERYTHING HERE IS SYNTHETIC. No person, organisation, address, number or signature exists. Resident
numbers carry region 999999, which is assigned to nobody, with a real date and a right check digit,
so that rules which test the digit can be tested; organisation codes carry region 999999 and read
FAKE; names begin with 样例; each page says 「合成样例 SYNTHETIC SAMPLE — 非真实合同」.

    make_contracts.py --sample --out DIR
        six contracts of one employer, one of each sort (tests/data/contracts holds them)
    make_contracts.py --employers 772 --contracts 4595 --seed 1 --out DIR
        DIR/employers.json, DIR/contracts/emp-0001/00017.pdf and 00017.claims.json
    the same with --check DIR in place of --out DIR
        makes everything again in memory and compares it with the files, byte for byte

Each FILE.claims.json is read by `qizheng notarize FILE --claims FILE.claims.json`: `set` holds the
claims that the nodes see, `hide` those that are selectively disclosed. Money in fen, wage_amount
for one wage_cycle; dates ISO 8601 at Asia/Shanghai, signed_at in seconds UTC. `end` is the term's
last day, included, as contracts in China are written: 2025-01-01 to 2025-12-31 is one year. It is
absent where no date is agreed (open-ended, or until a task is done).

Every contract is lawful: written within a month of work, probation within Art 19 and inside the
term, signed by both parties, all nine terms of Art 17, dispatch of two years at least with a named
user unit, part-time of 24 hours a week at most and paid every fortnight. No worker has two.

Exit: 0 done, or nothing differs; 1 something differs; 2 the arguments are wrong.
"""

import argparse
import datetime
import json
import pathlib
import sys
from typing import NamedTuple, Optional

import contract_ids as ids
import contract_pdf as pdf
import contract_text as text

SAMPLE_SEED = 1
SAMPLE = (  # file, kind, form, months, probation
    ("open-ended", "open", "full", None, 6),
    ("fixed-1-year", "fixed", "full", 12, 2),
    ("fixed-3-years", "fixed", "full", 36, 6),
    ("task", "task", "full", None, 0),
    ("part-time", "fixed", "part", 12, 0),
    ("dispatch-2-years", "fixed", "dispatch", 24, 2),
)
EMPLOYERS_MAX, CONTRACTS_MAX = 9999, 99999

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
FIRST_START, LAST_START = datetime.date(2025, 1, 1), datetime.date(2026, 6, 1)
AGE_MIN, AGE_MAX = 19, 42  # at work: past 16 and, within any term made here, short of retirement
# Art 50: two years after the end at least. Where no end is agreed they are counted from the start,
# and generous: a working life lasts less than 48 years.
KEEP_YEARS = {"open": 50, "task": 10}

ELEMENTS = "employer worker term work hours pay insurance protection other".split()
# of 20: 12 fixed, 3 open-ended, 1 by task, 2 part-time, 2 dispatch
SORTS = 12 * [("fixed", "full")] + 3 * [("open", "full")] + [("task", "full")]
SORTS += 2 * [("fixed", "part")] + 2 * [("fixed", "dispatch")]
MONTHS = {
    "full": (2, 3, 6, 11, 12, 12, 12, 18, 24, 24, 35, 36, 36, 36, 48, 60),
    "part": (3, 6, 12, 24),
    "dispatch": (24, 24, 36),
}
FULL_POSTS = (  # post, least and most monthly wage in yuan, hazard that must be told, hours
    ("装配工", 4800, 7600, "噪声", "standard"),
    ("焊工", 6200, 9800, "电焊烟尘和弧光", "standard"),
    ("喷涂工", 6000, 9200, "苯系物", "standard"),
    ("质检员", 4900, 7200, None, "standard"),
    ("仓库管理员", 4600, 6400, None, "standard"),
    ("客服专员", 4500, 6800, None, "standard"),
    ("会计", 5600, 9500, None, "standard"),
    ("采购专员", 5200, 8600, None, "standard"),
    ("软件测试工程师", 8800, 16800, None, "standard"),
    ("设备维修电工", 6000, 9000, "噪声和高温", "standard"),
    ("货运驾驶员", 6500, 9900, None, "comprehensive"),
    ("保安员", 4400, 5600, None, "comprehensive"),
)
PART_POSTS = ("保洁员", "促销员", "分拣员", "餐厅服务员")
TASKS = ("样例厂房改造工程", "样例信息系统上线项目", "样例档案数字化项目", "样例展厅布展项目")
EXTRAS = (
    "乙方应当遵守甲方依法制定的规章制度",
    "乙方应当保守甲方的商业秘密",
    "甲方为乙方提供岗位技能培训",
    "甲方为乙方提供工作餐和通勤班车",
)


class Employer(NamedTuple):
    id: str
    name: str
    uscc: str
    address: str
    legal_rep: str


class Contract(NamedTuple):
    employer: Employer
    serial: int
    kind: str
    form: str
    months: Optional[int]  # None where no end is agreed
    probation: int
    start: datetime.date
    work_start: datetime.date
    signatures: list  # (role, identity check, datetime at Asia/Shanghai), employer first
    alg: str
    keep_years: int
    id_number: str
    worker_address: str
    post: str
    hazard: Optional[str]
    place: str
    hours_system: str
    wage: int  # fen in each cycle
    wage_cycle: str
    wage_hour: int  # fen, part-time only
    hours_day: int  # part-time only
    days_week: int  # part-time only
    probation_wage: int  # fen in each cycle
    task: str
    extra: str

    @property
    def contract_no(self):
        return f"YL-{self.start.year}-{self.serial:05d}"

    @property
    def worker_name(self):
        return f"样例工人{self.serial:05d}"

    @property
    def dispatch_unit(self):
        return f"样例用工单位{self.serial % 100:02d}有限公司"

    @property
    def end(self):
        return ids.term_end(self.start, self.months) if self.months else None

    @property
    def probation_end(self):
        return ids.term_end(self.start, self.probation)

    @property
    def signed_on(self):
        return self.signatures[-1][2].date()

    @property
    def retain_until(self):
        return ids.add_months(self.end or self.start, 12 * self.keep_years)


def make_employer(number):
    return Employer(
        id=f"emp-{number:04d}",
        name=f"样例企业{number:04d}有限公司",
        uscc=ids.uscc_fake(number),
        address=f"样例省样例市样例区样例大道{number}号",
        legal_rep=f"样例法定代表人{number:04d}",
    )


def make_birth(source, serial, work_start):
    """A date and an order code that no other serial shares: the order code differs within 999
    serials, the day's place in its block of 128 beyond."""
    days = source.between(AGE_MIN * 366, AGE_MAX * 365)
    ordinal = work_start.toordinal() - days
    born = datetime.date.fromordinal(ordinal - ordinal % 128 + serial // 999)
    return born, serial % 999 + 1


def make_signatures(source, start):
    """Both parties sign on one day, from two weeks before the start to two weeks after."""
    day = start + datetime.timedelta(days=source.between(-14, 14))
    opened = datetime.datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
    first = opened + datetime.timedelta(seconds=source.below(6 * 3600))
    second = first + datetime.timedelta(seconds=source.between(120, 7200))
    return [
        ("employer", source.pick(("business-licence", "legal-rep")), first),
        ("worker", source.pick(("face", "id-chip", "bank-card")), second),
    ]


def make_work(source, form):
    """Post, hours and pay, as members of Contract."""
    if form == "part":
        hour, hours, days = 100 * source.between(26, 45), source.between(2, 4), source.between(3, 6)
        cycle = source.pick(("weekly", "biweekly"))
        wage = hour * hours * days * (2 if cycle == "biweekly" else 1)
        return dict(post=source.pick(PART_POSTS), hazard=None, hours_system="part-time", wage=wage,
                    wage_cycle=cycle, wage_hour=hour, hours_day=hours, days_week=days,
                    probation_wage=0)
    post, least, most, hazard, hours_system = source.pick(FULL_POSTS)
    wage = 100 * 100 * source.between(least // 100, most // 100)
    return dict(post=post, hazard=hazard, hours_system=hours_system, wage=wage,
                wage_cycle="monthly", wage_hour=0, hours_day=0, days_week=0,
                probation_wage=wage * source.pick((80, 85, 90, 100)) // 100)


def make_contract(seed, employer, serial, sort=None):
    """Contract `serial` of that seed; `sort` is (kind, form, months, probation), else drawn."""
    source = ids.Source(seed, "contract", serial)
    if sort is None:
        kind, form = source.pick(SORTS)
        months = source.pick(MONTHS[form]) if kind == "fixed" else None
        sort = kind, form, months, source.between(0, ids.probation_max(kind, form, months))
    kind, form, months, probation = sort
    start = FIRST_START + datetime.timedelta(source.below((LAST_START - FIRST_START).days + 1))
    if source.below(2):
        start = start.replace(day=1)  # half of all contracts begin with a month
    born, order = make_birth(source, serial, start)
    return Contract(
        employer=employer, serial=serial, kind=kind, form=form, months=months,
        probation=probation, start=start, work_start=start,
        signatures=make_signatures(source, start), alg=source.pick(("SGD_SM3_SM2", "ES256")),
        keep_years=KEEP_YEARS.get(kind) or source.pick((2, 3, 5)),
        id_number=ids.resident_fake(born, order),
        worker_address=f"样例省样例市样例街道{source.between(1, 999)}号",
        place=f"样例省样例市第{source.between(1, 40)}样例园区",
        task=source.pick(TASKS), extra=source.pick(EXTRAS), **make_work(source, form),
    )


def claims(c):
    """What `notarize --claims` reads."""
    clear = {"kind": c.kind, "form": c.form, "start": c.start.isoformat()}
    if c.end:
        clear["end"] = c.end.isoformat()
    clear |= {
        "work_start": c.work_start.isoformat(),
        "signed_on": c.signed_on.isoformat(),
        "probation_months": c.probation,
        "elements": ELEMENTS,
        "signatures": [
            {"role": role, "alg": c.alg, "signed_at": int(signed.timestamp())}
            for role, _, signed in c.signatures
        ],
        "identity_checks": [{"role": role, "method": method} for role, method, _ in c.signatures],
        "retain_until": c.retain_until.isoformat(),
    }
    hidden = {
        "worker": {"id_type": "resident-id", "id_number": c.id_number},
        "contract_no": c.contract_no,
        "employer_name": c.employer.name,
        "employer_address": c.employer.address,
        "legal_rep": c.employer.legal_rep,
        "worker_name": c.worker_name,
        "worker_address": c.worker_address,
        "post": c.post,
        "place": c.place,
        "hours_system": c.hours_system,
        "wage_amount": c.wage,
        "wage_cycle": c.wage_cycle,
        "social_insurance": text.SOCIAL_INSURANCE["part" if c.form == "part" else "full"],
        "protection": text.protection_text(c),
        "other_terms": text.other_text(c),
    }
    if c.form == "dispatch":
        hidden["dispatch_unit"] = c.dispatch_unit
    return {"type": "labour-contract", "act": "conclude", "set": clear, "hide": hidden}


def json_bytes(value):
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def contract_files(path, c):
    """The two files of one contract, as (path, bytes)."""
    title = f"劳动合同书 {c.contract_no}"
    info = pdf.information(title, text.BANNER, c.signatures[-1][2])
    yield f"{path}.pdf", pdf.render(text.contract_lines(c), text.BANNER, info)
    yield f"{path}.claims.json", json_bytes(claims(c))


def employers_file(employers):
    listed = [{"id": e.id, "name": e.name, "uscc": e.uscc} for e in employers]
    return "employers.json", json_bytes(listed)


def sample_contracts():
    """(path without suffix, contract) of the committed handful."""
    employer = make_employer(1)
    for serial, (name, *sort) in enumerate(SAMPLE, 1):
        yield name, make_contract(SAMPLE_SEED, employer, serial, sort)


def set_contracts(employers, count, seed):
    """(path without suffix, contract) of a full set; every employer has one before any has two."""
    source = ids.Source(seed, "employers")
    for serial in range(1, count + 1):
        employer = employers[serial - 1] if serial <= len(employers) else source.pick(employers)
        yield f"contracts/{employer.id}/{serial:05d}", make_contract(seed, employer, serial)


def files(options):
    """Every (path, bytes) that these options make, one at a time."""
    if options.sample:
        employers = [make_employer(1)]
        contracts = sample_contracts()
    else:
        employers = [make_employer(number) for number in range(1, options.employers + 1)]
        contracts = set_contracts(employers, options.contracts, options.seed)
    yield employers_file(employers)
    for path, contract in contracts:
        yield from contract_files(path, contract)


def write(folder, made):
    count = 0
    for path, content in made:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    print(f"wrote {count} files to {folder}")
    return 0


def check(folder, made):
    """1 and one line for each file that is missing, differs or should not be there."""
    expected, differing = set(), []
    for path, content in made:
        target = folder / path
        expected.add(target)
        if not target.is_file():
            differing.append(f"missing: {target}")
        elif target.read_bytes() != content:
            differing.append(f"differs: {target}")
    kept = [p for pattern in ("*.pdf", "*.claims.json") for p in sorted(folder.rglob(pattern))]
    differing += [f"not made here: {path}" for path in kept if path not in expected]
    print("\n".join(differing) if differing else f"{len(expected)} files are as they should be")
    return 1 if differing else 0


def arguments(argv):
    parser = argparse.ArgumentParser(description="Make synthetic labour contracts: PDF and claims.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=pathlib.Path, metavar="DIR", help="write the files there")
    where.add_argument("--check", type=pathlib.Path, metavar="DIR", help="compare with those files")
    parser.add_argument("--sample", action="store_true", help="the six committed contracts")
    parser.add_argument("--employers", type=int, default=772, help="default 772")
    parser.add_argument("--contracts", type=int, default=4595, help="default 4595")
    parser.add_argument("--seed", type=int, default=1, help="default 1; no effect with --sample")
    options = parser.parse_args(argv)
    if not 1 <= options.employers <= EMPLOYERS_MAX:
        parser.error(f"--employers must be from 1 to {EMPLOYERS_MAX}")
    if not 1 <= options.contracts <= CONTRACTS_MAX:
        parser.error(f"--contracts must be from 1 to {CONTRACTS_MAX}")
    return options


def main(argv=None):
    options = arguments(argv)
    if options.check:
        return check(options.check, files(options))
    return write(options.out, files(options))


if __name__ == "__main__":
    sys.exit(main())
